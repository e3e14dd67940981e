// How a new table reaches the dispatchers, and how anyone learns that no
// dispatcher uses an older one any more.
#ifndef LB_DATAPLANE_ENGINE_PUBLISHED_TABLE_H_
#define LB_DATAPLANE_ENGINE_PUBLISHED_TABLE_H_

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

#include "common/ids.h"

namespace lb::dataplane {

// Immutable once published. Versions rise by one and name tables within this
// process only.
struct TableVersion {
  std::uint64_t version = 0;
  std::vector<ProcessorId> owner;  // by bucket
};

// Quiescent-state reclamation as in QSBR (McKenney and Slingwine, 1998): a
// dispatcher names the version it uses once per batch, and marks itself
// offline before it sleeps. Both directions are sequentially consistent:
// either the publisher's side sees a dispatcher offline, or that dispatcher
// sees the new table when it comes back.
class PublishedTable {
 public:
  PublishedTable(std::size_t dispatchers, std::vector<ProcessorId> owner);

  // Control thread. Returns the new version. Older tables are freed here once
  // no dispatcher can be using them.
  std::uint64_t Publish(std::vector<ProcessorId> owner);

  // Dispatcher d, at the start of a batch: the table to use until the next
  // Enter() or Leave(). By naming it, d declares that everything it sent by an
  // older table is in the rings already.
  const TableVersion& Enter(std::size_t d);

  // Dispatcher d, before it sleeps; everything it sent is in the rings.
  // False if a newer table is there: then Enter() instead of sleeping.
  bool Leave(std::size_t d);

  // Any thread: dispatcher d sends nothing by a table older than `version` any
  // more, and what it sent is visible in the rings.
  bool HasPassed(std::size_t d, std::uint64_t version) const {
    return states_[d].used.load(std::memory_order_seq_cst) >= version;
  }

 private:
  static constexpr std::uint64_t kOffline =
      std::numeric_limits<std::uint64_t>::max();

  struct alignas(64) State {
    std::atomic<std::uint64_t> used{kOffline};
    std::uint64_t last = 0;  // the dispatcher's own note of `used`
  };

  std::vector<State> states_;
  std::vector<std::unique_ptr<const TableVersion>> tables_;
  std::atomic<const TableVersion*> newest_;
  std::atomic<std::uint64_t> newest_version_{1};
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_ENGINE_PUBLISHED_TABLE_H_
