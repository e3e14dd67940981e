#include "controller/core/fleet_brake.h"

namespace lb::controller {

void FleetBrake::NotePlanned(const std::string& host, MonotonicTime now) {
  planned_.Note(host, now);
}

void FleetBrake::NoteRejected(const std::string& host, MonotonicTime now) {
  wrong_.Note(host, now);
}

void FleetBrake::NoteMeasured(const std::string& host, double without,
                              double achieved, MonotonicTime now) {
  if (achieved > without * (1 + kNoise)) wrong_.Note(host, now);
}

FleetBrake::Count FleetBrake::Look(MonotonicTime now) {
  planned_.ForgetBefore(now - kWindow);
  wrong_.ForgetBefore(now - kWindow);
  return {planned_.hosts(), wrong_.hosts()};
}

void FleetBrake::LastTimes::Note(const std::string& host, MonotonicTime now) {
  const auto [it, fresh] = by_host_.try_emplace(host);
  if (fresh) {
    it->second = by_time_.insert(by_time_.end(), {host, now});
  } else {
    it->second->time = now;
    by_time_.splice(by_time_.end(), by_time_, it->second);
  }
}

void FleetBrake::LastTimes::ForgetBefore(MonotonicTime time) {
  while (!by_time_.empty() && by_time_.front().time < time) {
    by_host_.erase(by_time_.front().host);
    by_time_.pop_front();
  }
}

void FleetBrake::LastTimes::Clear() {
  by_host_.clear();
  by_time_.clear();
}

}  // namespace lb::controller
