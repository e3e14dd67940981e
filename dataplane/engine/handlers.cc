#include "dataplane/engine/handlers.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/status.h"
#include "dataplane/engine/cpu_burner.h"

namespace lb::dataplane {
namespace {

// The records of a connection are kept by the processor itself; a connection
// that was idle for its time-out has nothing left to live for.
class CountHandler final : public PacketHandler {
 public:
  void OnPacket(Connection&, Packet&) override {}
  std::optional<std::chrono::milliseconds> OnTimer(Connection&) override {
    return std::nullopt;
  }
};

class BurnHandler final : public PacketHandler {
 public:
  explicit BurnHandler(std::chrono::nanoseconds cost) : burner_(cost) {}
  void OnPacket(Connection&, Packet&) override { burner_.Burn(); }
  std::optional<std::chrono::milliseconds> OnTimer(Connection&) override {
    return std::nullopt;
  }

 private:
  const CpuBurner burner_;
};

}  // namespace

absl::StatusOr<PacketHandlerFactory> MakeHandlerFactory(std::string_view spec) {
  if (spec == "count") {
    return [](ProcessorId) { return std::make_unique<CountHandler>(); };
  }
  absl::string_view cost_text = ToAbsl(spec);
  absl::Duration cost;
  if (absl::ConsumePrefix(&cost_text, "burn:") &&
      absl::ParseDuration(cost_text, &cost) && cost > absl::ZeroDuration() &&
      cost <= absl::Seconds(1)) {
    return [cost](ProcessorId) {
      return std::make_unique<BurnHandler>(absl::ToChronoNanoseconds(cost));
    };
  }
  return absl::InvalidArgumentError(
      absl::StrCat("handler \"", ToAbsl(spec),
                   "\" is unknown; use count, or burn:TIME with a time of at "
                   "most 1s such as burn:20us"));
}

}  // namespace lb::dataplane
