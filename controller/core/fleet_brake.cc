#include "controller/core/fleet_brake.h"

namespace lb::controller {

void FleetBrake::NotePlanned(const std::string& host, MonotonicTime now) {
  planned_[host] = now;
}

void FleetBrake::NoteRejected(const std::string& host, MonotonicTime now) {
  wrong_[host] = now;
}

void FleetBrake::NoteMeasured(const std::string& host, double without,
                              double achieved, MonotonicTime now) {
  if (achieved > without * (1 + kNoise)) wrong_[host] = now;
}

FleetBrake::Count FleetBrake::Look(MonotonicTime now) {
  const auto too_old = [now](const auto& entry) {
    return now - entry.second > kWindow;
  };
  std::erase_if(planned_, too_old);
  std::erase_if(wrong_, too_old);
  return {planned_.size(), wrong_.size()};
}

}  // namespace lb::controller
