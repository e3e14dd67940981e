#include "tests/controller/sync_watch.h"

#include <sqlite3.h>

#include <map>
#include <mutex>
#include <set>

namespace lb::controller {
namespace {

// The methods of a kind of file, with ours in the place of xSync.
struct Methods {
  sqlite3_io_methods watched;  // first: what a file's methods point to
  const sqlite3_io_methods* original;
};

struct Watched {
  std::mutex mutex;
  std::map<const sqlite3_io_methods*, Methods> methods;  // by the original
  std::map<const sqlite3_file*, std::string> paths;
  std::map<std::string, int> syncs;
  std::set<std::string> failing_once;
  std::set<std::string> failing;
};

// SQLite's methods carry nothing of the caller's.
Watched* watched = nullptr;

int Sync(sqlite3_file* file, int flags) {
  const auto* methods = reinterpret_cast<const Methods*>(file->pMethods);
  const int code = methods->original->xSync(file, flags);
  const std::lock_guard lock(watched->mutex);
  const std::string& path = watched->paths[file];
  ++watched->syncs[path];
  const bool fails =
      watched->failing_once.erase(path) != 0 || watched->failing.contains(path);
  return fails ? SQLITE_IOERR_FSYNC : code;
}

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
         int* out_flags) {
  auto* const original = static_cast<sqlite3_vfs*>(vfs->pAppData);
  const int code = original->xOpen(original, name, file, flags, out_flags);
  if (file->pMethods == nullptr) return code;
  const std::lock_guard lock(watched->mutex);
  const auto [it, fresh] = watched->methods.try_emplace(file->pMethods);
  if (fresh) {
    it->second = {*file->pMethods, file->pMethods};
    it->second.watched.xSync = Sync;
  }
  file->pMethods = &it->second.watched;
  watched->paths[file] = name == nullptr ? "" : name;
  return code;
}

sqlite3_vfs& WatchedVfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* const original = sqlite3_vfs_find(nullptr);
    sqlite3_vfs made = *original;
    made.zName = "watched";
    made.pAppData = original;
    made.xOpen = Open;
    return made;
  }();
  return vfs;
}

}  // namespace

SyncWatch::SyncWatch() {
  sqlite3_vfs& vfs = WatchedVfs();
  watched = new Watched;
  sqlite3_vfs_register(&vfs, 1);
}

SyncWatch::~SyncWatch() {
  sqlite3_vfs_unregister(&WatchedVfs());
  delete watched;
  watched = nullptr;
}

int SyncWatch::Count(const std::string& path) const {
  const std::lock_guard lock(watched->mutex);
  const auto found = watched->syncs.find(path);
  return found == watched->syncs.end() ? 0 : found->second;
}

void SyncWatch::FailNext(const std::string& path) {
  const std::lock_guard lock(watched->mutex);
  watched->failing_once.insert(path);
}

void SyncWatch::FailAll(const std::string& path) {
  const std::lock_guard lock(watched->mutex);
  watched->failing.insert(path);
}

void SyncWatch::Heal() {
  const std::lock_guard lock(watched->mutex);
  watched->failing.clear();
}

}  // namespace lb::controller
