// When plans go wrong on many hosts the fault is hardly the hosts': says when
// the whole fleet's automatic plans are to be halted. Pure but for its own
// state. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_FLEET_BRAKE_H_
#define LB_CONTROLLER_CORE_FLEET_BRAKE_H_

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <unordered_map>

#include "common/clock.h"

namespace lb::controller {

class FleetBrake {
 public:
  // What happened longer ago counts no more.
  static constexpr std::chrono::minutes kWindow{10};
  // It is time to halt when plans went wrong on this share of the hosts that
  // were planned in the window, and on so many hosts at least.
  static constexpr std::size_t kWrongPercent = 3;
  static constexpr std::size_t kFewestWrong = 3;
  // A measured imbalance is worse than another if it is more than this part of
  // it higher. Less is what loads do between a decision and its measurement:
  // with a processor's whole load turning up elsewhere every two seconds, 8%.
  static constexpr double kNoise = 0.10;

  // A plan was sent to the host.
  void NotePlanned(const std::string& host, MonotonicTime now);
  // It was rejected.
  void NoteRejected(const std::string& host, MonotonicTime now);
  // It was measured: `achieved` is the imbalance since, `without` the one that
  // the same load would have had under the table before. So a change of load is
  // no fault of the plan's.
  void NoteMeasured(const std::string& host, double without, double achieved,
                    MonotonicTime now);

  struct Count {
    std::size_t planned = 0;  // hosts
    std::size_t wrong = 0;    // of these
  };
  // In the window that ends now. Forgets what is older.
  Count Look(MonotonicTime now);
  static bool MustHalt(const Count& count) {
    return count.wrong >= kFewestWrong &&
           count.wrong * 100 >= count.planned * kWrongPercent;
  }
  // As if nothing had gone wrong: somebody has looked into it.
  void Forgive() { wrong_.Clear(); }

 private:
  // To which hosts something happened, and when last. It is looked at for every
  // plan, so that must not take longer where there are more hosts.
  class LastTimes {
   public:
    // `now` is no earlier than the one before.
    void Note(const std::string& host, MonotonicTime now);
    void ForgetBefore(MonotonicTime time);
    void Clear();
    std::size_t hosts() const { return by_time_.size(); }

   private:
    struct Entry {
      std::string host;
      MonotonicTime time;
    };
    std::list<Entry> by_time_;  // oldest first
    std::unordered_map<std::string, std::list<Entry>::iterator> by_host_;
  };

  LastTimes planned_;
  LastTimes wrong_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_FLEET_BRAKE_H_
