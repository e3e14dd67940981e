#include "controller/core/host_hub.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace lb::controller {
namespace {

// What the sinks of watchers that are cut are told.
absl::Status TooSlow(std::uint64_t synced) {
  return absl::ResourceExhaustedError(absl::StrCat(
      "the watcher is too slow; come back with after_revision ", synced));
}

// Events of no host that change what every host is shown with.
bool ConcernsAll(EventKind kind) {
  return kind == EventKind::kPolicyChanged ||
         kind == EventKind::kBalancePaused ||
         kind == EventKind::kBalanceResumed ||
         kind == EventKind::kBalanceHalted ||
         kind == EventKind::kControllerAdopted;
}

}  // namespace

// The hub as one who watches events: never slow.
class HostHub::Follower final : public EventSink {
 public:
  explicit Follower(HostHub& hub) : hub_(hub) {}
  void OnEvent(const Event& event) override { hub_.OnEvent(event); }
  void OnSynced(std::uint64_t /*revision*/) override {}
  void OnEnd(absl::Status status) override {
    hub_.following_.reset();
    hub_.EndAll(status);
  }
  std::size_t waiting() const override { return 0; }

 private:
  HostHub& hub_;
};

HostHub::~HostHub() {
  if (following_) events_.Unwatch(*following_);
}

void HostHub::Start() {
  first_revision_ = revision_ = events_.revision();
  following_ = events_.Watch("", 0, std::make_shared<Follower>(*this));
  loop_.PostAt(clock_.Monotonic() + kBookmark, [this] { Bookmark(); });
}

HostHub::WatchId HostHub::Watch(LabelSelector selector, std::uint64_t after,
                                std::shared_ptr<HostSink> sink) {
  const WatchId id = ++last_id_;
  if (after > revision_ || (after != 0 && after < first_revision_)) {
    sink->OnEnd(absl::OutOfRangeError(absl::StrCat(
        "after_revision is ", after, ", changes of hosts are known from ",
        first_revision_, " to ", revision_,
        "; watch without it to begin with all hosts")));
    return id;
  }
  Watcher& watcher = watchers_[id];
  watcher.selector = std::move(selector);
  watcher.sink = std::move(sink);
  watcher.synced = after;
  if (after == 0) {
    for (const auto& [name, host] : fleet_.hosts()) watcher.due.insert(name);
  } else {
    // What the watcher has been shown is not known here; so whatever is not to
    // be shown any more is removed, at worst for the second time.
    for (const auto& [name, host] : fleet_.hosts()) watcher.shown.insert(name);
    for (const auto& [name, revision] : changed_) {
      if (revision <= after) continue;
      watcher.due.insert(name);
      watcher.shown.insert(name);
    }
  }
  CatchUp(watcher);
  return id;
}

void HostHub::Unwatch(WatchId id) { watchers_.erase(id); }

void HostHub::OnRoom(WatchId id) {
  const auto it = watchers_.find(id);
  if (it != watchers_.end() && !it->second.in_step) CatchUp(it->second);
}

void HostHub::EndAll(const absl::Status& status) {
  for (auto& [id, watcher] : std::exchange(watchers_, {})) {
    watcher.sink->OnEnd(status);
  }
}

void HostHub::OnEvent(const Event& event) {
  revision_ = event.revision;
  if (!event.host.empty()) {
    NoteChange(event.host);
  } else if (ConcernsAll(event.kind)) {
    for (const auto& [name, host] : fleet_.hosts()) NoteChange(name);
  }
}

// The event is published before whoever committed it has taken note; so hosts
// are looked at by a later task, which also takes many changes together.
void HostHub::NoteChange(const std::string& host) {
  changed_[host] = revision_;
  fresh_.insert(host);
  if (std::exchange(flush_posted_, true)) return;
  loop_.Post([this] { Flush(); });
}

void HostHub::Flush() {
  flush_posted_ = false;
  const std::set<std::string> fresh = std::exchange(fresh_, {});
  for (auto it = watchers_.begin(); it != watchers_.end();) {
    Watcher& watcher = it->second;
    if (!watcher.in_step) {
      watcher.due.insert(fresh.begin(), fresh.end());
    } else if (watcher.sink->waiting() >= kMostWaiting) {
      watcher.sink->OnEnd(TooSlow(watcher.synced));
      it = watchers_.erase(it);
      continue;
    }
    ++it;
  }
  for (const std::string& host : fresh) {
    std::optional<HostView> view;
    bool looked = false;
    for (auto& [id, watcher] : watchers_) {
      if (!watcher.in_step) continue;
      if (!std::exchange(looked, true)) view = Look(host);
      Deliver(host, view ? &*view : nullptr, watcher);
    }
  }
  for (auto& [id, watcher] : watchers_) {
    if (watcher.in_step) watcher.synced = revision_;
  }
}

void HostHub::Bookmark() {
  for (auto& [id, watcher] : watchers_) {
    if (watcher.in_step && watcher.sink->waiting() == 0) TellSynced(watcher);
  }
  loop_.PostAt(clock_.Monotonic() + kBookmark, [this] { Bookmark(); });
}

void HostHub::CatchUp(Watcher& watcher) {
  for (std::size_t sent = 0; sent < kPage && !watcher.due.empty(); ++sent) {
    const std::string host =
        std::move(watcher.due.extract(watcher.due.begin()).value());
    const std::optional<HostView> view = Look(host);
    Deliver(host, view ? &*view : nullptr, watcher);
  }
  if (!watcher.due.empty()) return;  // the rest waits for room
  watcher.in_step = true;
  TellSynced(watcher);
}

void HostHub::Deliver(const std::string& host, const HostView* view,
                      Watcher& watcher) {
  if (view != nullptr && watcher.selector.Matches(view->record.labels)) {
    watcher.shown.insert(host);
    watcher.sink->OnHost(*view);
  } else if (watcher.shown.erase(host) != 0) {
    watcher.sink->OnRemoved(host);
  }
}

// What is fresh was committed, and is not sent yet: it will be, after this, so
// that a watcher who comes back gets it at worst twice.
void HostHub::TellSynced(Watcher& watcher) {
  std::uint64_t revision = revision_;
  for (const std::string& host : fresh_) {
    revision = std::min(revision, changed_.at(host) - 1);
  }
  watcher.synced = revision;
  watcher.sink->OnSynced(revision);
}

std::optional<HostView> HostHub::Look(const std::string& host) const {
  const auto it = fleet_.hosts().find(host);
  if (it == fleet_.hosts().end()) return std::nullopt;
  return SummaryOf(*it->second, fleet_.policy(), fleet_.pause());
}

}  // namespace lb::controller
