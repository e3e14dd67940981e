#include "controller/core/audit_check.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::controller {
namespace {

class Check : public std::enable_shared_from_this<Check> {
 public:
  Check(Store& store, std::optional<AuditHead> outside,
        Store::Callback<VerifiedAudit> callback)
      : store_(store), outside_(outside), callback_(std::move(callback)) {}

  void ReadPage() {
    store_.ListAuditAfter(
        verified_.head.sequence, kAuditCheckPage,
        [self = shared_from_this()](
            const absl::StatusOr<std::vector<AuditRecord>>& page) {
          self->OnPage(page);
        });
  }

 private:
  void OnPage(const absl::StatusOr<std::vector<AuditRecord>>& page) {
    absl::Status status = page.status();
    if (status.ok()) status = Continue(*page);
    if (status.ok() && page->size() == kAuditCheckPage) {
      ReadPage();
      return;
    }
    if (status.ok()) status = CheckLength();
    if (status.ok()) {
      std::move(callback_)(verified_);
    } else {
      std::move(callback_)(std::move(status));
    }
  }

  absl::Status Continue(const std::vector<AuditRecord>& records) {
    LB_RETURN_IF_ERROR(ContinueChain(records, verified_.head));
    if (records.empty()) return absl::OkStatus();
    if (verified_.first_sequence == 0) {
      verified_.first_sequence = records.front().sequence;
    }
    // In a sound chain sequences have no gaps.
    if (!outside_ || outside_->sequence < records.front().sequence ||
        outside_->sequence > records.back().sequence) {
      return absl::OkStatus();
    }
    const AuditRecord& there =
        records[outside_->sequence - records.front().sequence];
    if (there.hash == outside_->hash) return absl::OkStatus();
    return absl::DataLossError(absl::StrCat(
        "audit record ", there.sequence, " has hash ", ToHex(there.hash),
        ", the head given ", ToHex(outside_->hash),
        ": this record or one before it was replaced"));
  }

  absl::Status CheckLength() const {
    if (!outside_ || outside_->sequence <= verified_.head.sequence) {
      return absl::OkStatus();
    }
    return absl::DataLossError(
        absl::StrCat("the audit ends with record ", verified_.head.sequence,
                     ", the head given is record ", outside_->sequence,
                     ": what was between them is gone"));
  }

  Store& store_;
  const std::optional<AuditHead> outside_;
  VerifiedAudit verified_;
  Store::Callback<VerifiedAudit> callback_;
};

}  // namespace

void CheckAudit(Store& store, std::optional<AuditHead> outside,
                Store::Callback<VerifiedAudit> callback) {
  std::make_shared<Check>(store, outside, std::move(callback))->ReadPage();
}

}  // namespace lb::controller
