#include "dataplane/engine/handlers.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/status.h"
#include "dataplane/core/reflect.h"
#include "dataplane/engine/cpu_burner.h"

namespace lb::dataplane {
namespace {

// The records of a connection are kept by the processor itself; a connection
// that was idle for its timeout has nothing left to live for.
class CountHandler : public PacketHandler {
 public:
  Verdict OnPacket(Connection&, Packet&, PacketContext&) override {
    return Verdict::kConsumed;
  }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) final {
    return std::nullopt;
  }
};

class ReflectHandler final : public CountHandler {
 public:
  Verdict OnPacket(Connection&, Packet& packet, PacketContext&) override {
    return Reflect(packet) ? Verdict::kSend : Verdict::kConsumed;
  }
};

// CPU time to spend; zero: none.
struct BurnCost {
  absl::Duration packet;
  absl::Duration connection;
};

class BurnHandler final : public CountHandler {
 public:
  explicit BurnHandler(const BurnCost& cost)
      : packet_(Burner(cost.packet)), connection_(Burner(cost.connection)) {}
  Verdict OnPacket(Connection& connection, Packet&, PacketContext&) override {
    if (connection_.has_value() && connection.packets == 1) connection_->Burn();
    if (packet_.has_value()) packet_->Burn();
    return Verdict::kConsumed;
  }

 private:
  static std::optional<CpuBurner> Burner(absl::Duration cost) {
    if (cost == absl::ZeroDuration()) return std::nullopt;
    return CpuBurner(absl::ToChronoNanoseconds(cost));
  }

  const std::optional<CpuBurner> packet_;
  const std::optional<CpuBurner> connection_;
};

// "TIME", "TIME,connection=TIME" or "connection=TIME".
bool ParseBurn(absl::string_view text, BurnCost& cost) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ',');
  if (parts.size() > 2) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    absl::string_view part = parts[i];
    const bool connection = absl::ConsumePrefix(&part, "connection=");
    if (!connection && i > 0) return false;
    if (connection && i + 1 < parts.size()) return false;
    absl::Duration& to = connection ? cost.connection : cost.packet;
    if (!absl::ParseDuration(part, &to) || to <= absl::ZeroDuration() ||
        to > absl::Seconds(1)) {
      return false;
    }
  }
  return true;
}

}  // namespace

absl::StatusOr<PacketHandlerFactory> MakeHandlerFactory(std::string_view spec) {
  if (spec == "count") {
    return [](ProcessorId) { return std::make_unique<CountHandler>(); };
  }
  if (spec == "reflect") {
    return [](ProcessorId) { return std::make_unique<ReflectHandler>(); };
  }
  absl::string_view costs = ToAbsl(spec);
  BurnCost cost;
  if (absl::ConsumePrefix(&costs, "burn:") && ParseBurn(costs, cost)) {
    return [cost](ProcessorId) { return std::make_unique<BurnHandler>(cost); };
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "handler \"", ToAbsl(spec),
      "\" is unknown; use count, reflect, or burn:TIME[,connection=TIME] with "
      "times of at most 1s such as burn:20us,connection=200us"));
}

std::string_view HandlerHelp() {
  return "count\n"
         "  keeps records of connections\n"
         "reflect\n"
         "  answers: echo requests and UDP datagrams with the same payload,\n"
         "  TCP with a reset\n"
         "burn:TIME, burn:TIME,connection=TIME or burn:connection=TIME\n"
         "  spends so much CPU time, at most 1s, on every packet and on the\n"
         "  first one of a connection\n";
}

}  // namespace lb::dataplane
