#include "controller/core/host.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/plan.h"
#include "common/status.h"

namespace lb::controller {

std::optional<HostRecord> ToSave(const Host& host) {
  if (!host.unsaved && host.saving == 0) return std::nullopt;
  return host.record;
}

absl::Status NoSuchHost(std::string_view name) {
  return absl::NotFoundError(
      absl::StrCat("there is no host ", ToAbsl(name),
                   "; list hosts to see which there are"));
}

void SetTable(Host& host, Table table, Digest digest, MonotonicTime now) {
  if (digest == host.digest) return;
  if (host.record.table.buckets() == table.buckets()) {
    host.history.Add(DeriveMoves(host.record.table, table), now);
  }
  host.record.table = std::move(table);
  host.digest = digest;
  if (host.load) host.load->SetTable(host.record.table);
  host.over_trigger = 0;
  if (host.measuring && host.measuring->table != digest) host.measuring.reset();
}

bool OfCurrentTable(const Host& host, const LoadSample& load) {
  return load.table_start == host.digest && load.table_end == host.digest;
}

}  // namespace lb::controller
