#include "controller/core/host_intents.h"

#include <algorithm>
#include <cstdint>

namespace lb::controller {
namespace {

bool IsStalled(const Host& host, ProcessorId processor) {
  return host.last_report &&
         processor.index() < host.last_report->processors.size() &&
         host.last_report->processors[processor.index()].stalled;
}

bool MayHold(const Host& host, const HostIntent& intent,
             ProcessorId processor) {
  return processor.index() < host.record.layout.processors.size() &&
         !IsDrained(intent, processor) && !IsStalled(host, processor);
}

// Pins that hold at present.
std::vector<Pin> ValidPins(const Host& host) {
  std::vector<Pin> pins;
  for (const Pin& pin : host.record.intent.pins) {
    if (pin.bucket.index() < host.record.table.buckets() &&
        MayHold(host, host.record.intent, pin.processor)) {
      pins.push_back(pin);
    }
  }
  return pins;
}

// By bucket: whether it is where it is to stay.
std::vector<Pin> PinsInPlace(const Host& host) {
  std::vector<Pin> pins = ValidPins(host);
  std::erase_if(pins, [&](const Pin& pin) {
    return host.record.table.owner[pin.bucket.index()] != pin.processor;
  });
  return pins;
}

}  // namespace

bool IsDrained(const HostIntent& intent, ProcessorId processor) {
  return std::binary_search(intent.drained.begin(), intent.drained.end(),
                            processor);
}

bool MustEvacuate(const Host& host) {
  const HostIntent& intent = host.record.intent;
  const std::vector<ProcessorId>& owner = host.record.table.owner;
  return !intent.drained.empty() &&
         std::any_of(owner.begin(), owner.end(), [&](ProcessorId processor) {
           return IsDrained(intent, processor);
         });
}

std::vector<Move> MovesToPins(const Host& host) {
  std::vector<Move> moves;
  for (const Pin& pin : ValidPins(host)) {
    const ProcessorId owner = host.record.table.owner[pin.bucket.index()];
    if (owner != pin.processor) {
      moves.push_back({pin.bucket, owner, pin.processor});
    }
  }
  return moves;
}

bool LeavesAProcessor(const Host& host, const HostIntent& intent) {
  for (std::size_t i = 0; i < host.record.layout.processors.size(); ++i) {
    if (MayHold(host, intent, ProcessorId(static_cast<std::uint16_t>(i)))) {
      return true;
    }
  }
  return false;
}

balance::HostMeasurement MeasurementOf(const Host& host) {
  balance::HostMeasurement measured =
      host.load->Measure(host.record.intent.drained);
  for (const Pin& pin : PinsInPlace(host)) {
    ++measured.processors[pin.processor.index()].pinned;
  }
  return measured;
}

balance::Snapshot SnapshotOf(const Host& host) {
  balance::Snapshot snapshot =
      host.load->MakeSnapshot(host.record.intent.drained);
  for (const Pin& pin : PinsInPlace(host)) {
    snapshot.buckets[pin.bucket.index()].pinned = true;
  }
  return snapshot;
}

const Pause* PauseFor(const Host& host,
                      const std::optional<Pause>& fleet_pause) {
  const std::optional<Pause>& own = host.record.intent.pause;
  const bool fleet_first = fleet_pause && (!own || !fleet_pause->advise);
  if (fleet_first) return &*fleet_pause;
  return own ? &*own : nullptr;
}

balance::Mode ModeUnder(const Pause* pause, balance::Mode mode) {
  if (pause == nullptr || mode == balance::Mode::kOff) return mode;
  return pause->advise ? balance::Mode::kAdvise : balance::Mode::kOff;
}

}  // namespace lb::controller
