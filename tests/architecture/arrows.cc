#include "tests/architecture/arrows.h"

#include <algorithm>
#include <array>
#include <functional>

namespace lb::architecture {
namespace {

struct Room {
  std::string_view name;
  std::vector<std::string_view> may_include;  // besides itself and common
  bool may_use_grpc = false;
};

// Every room there is. A folder without a row may not hold source files.
const std::vector<Room>& Rooms() {
  static const std::vector<Room>* rooms = new std::vector<Room>{
      {"common", {}},
      {"balance", {}},
      {"dataplane", {}},
      {"dataplane/core", {}},
      {"dataplane/io", {"dataplane/core"}},
      {"dataplane/engine", {"dataplane", "dataplane/core"}},
      {"sim", {"balance", "dataplane/core", "dataplane/io"}},
      {"agent",
       {"dataplane", "dataplane/engine", "dataplane/io", "proto"},
       true},
      {"controller/core", {"balance"}},
      {"controller/store", {"balance", "controller/core"}},
      {"controller/rpc", {"balance", "controller/core", "proto"}, true},
      {"controller/http", {"balance", "controller/core"}},
      {"controller",
       {"balance", "controller/core", "controller/store", "controller/rpc",
        "controller/http"},
       true},
      {"cli", {"balance", "dataplane/core", "sim", "proto"}, true},
      {"proto", {}, true},
      // What a program outside the project includes.
      {"examples",
       {"dataplane", "dataplane/core", "dataplane/engine", "dataplane/io"}},
  };
  return *rooms;
}

const Room* FindRoom(std::string_view name) {
  for (const Room& room : Rooms()) {
    if (room.name == name) return &room;
  }
  return nullptr;
}

std::string_view Folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string_view() : path.substr(0, slash);
}

bool IsGrpcOrProtobuf(std::string_view include) {
  constexpr std::array<std::string_view, 4> kPrefixes = {
      "grpc/", "grpcpp/", "grpc++/", "google/protobuf/"};
  return std::any_of(
      kPrefixes.begin(), kPrefixes.end(),
      [&](std::string_view p) { return include.starts_with(p); });
}

// Words of a file's name that say nothing about what it holds.
std::string EmptyWord(std::string_view path) {
  constexpr std::array<std::string_view, 6> kWords = {
      "util", "utils", "utility", "utilities", "helper", "helpers"};
  std::string word;
  for (const char c : std::string(path) + "/") {
    if (c != '_' && c != '.' && c != '/' && c != '-') {
      word.push_back(c);
      continue;
    }
    if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) {
      return word;
    }
    word.clear();
  }
  return "";
}

bool MayInclude(const Room& room, std::string_view other) {
  return other == room.name || other == "common" ||
         std::find(room.may_include.begin(), room.may_include.end(), other) !=
             room.may_include.end();
}

// What is wrong with one include of a file in `room`, or empty.
std::string CheckInclude(const Room& room, const Include& include) {
  const std::string other = RoomOf(include.path);
  if (other == "tests") return "nothing outside tests/ may include tests/";
  if (IsGrpcOrProtobuf(include.path) && !room.may_use_grpc) {
    return std::string(room.name) + " never sees protobuf or gRPC";
  }
  if (!other.empty() && !MayInclude(room, other)) {
    return std::string(room.name) + " may not include " + other;
  }
  return "";
}

}  // namespace

std::vector<Include> Includes(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  std::vector<Include> includes;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    const auto skip = [&](std::string_view word) {
      line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
      if (!line.starts_with(word)) return false;
      line.remove_prefix(word.size());
      return true;
    };
    if (!skip("#") || !skip("include")) continue;
    const bool quoted = skip("\"");
    if (!quoted && !skip("<")) continue;
    includes.push_back(
        {number, std::string(line.substr(0, line.find(quoted ? '"' : '>'))),
         quoted});
  }
  return includes;
}

std::string RoomOf(std::string_view path) {
  if (path.starts_with("tests/")) return "tests";
  if (path.starts_with("lb/v1/")) return "proto";
  // The deepest room above the file.
  for (std::string_view folder = Folder(path); !folder.empty();
       folder = Folder(folder)) {
    if (FindRoom(folder) != nullptr) return std::string(folder);
  }
  return "";
}

std::vector<std::string> CheckFile(const std::string& path,
                                   std::string_view text) {
  std::vector<std::string> wrong;
  if (const std::string word = EmptyWord(path); !word.empty()) {
    wrong.push_back(path + ":1: a file called \"" + word +
                    "\"; name it after what it holds");
  }
  const std::string room_name = RoomOf(path);
  const Room* room = FindRoom(room_name);
  if (room == nullptr && room_name != "tests") {
    wrong.push_back(path + ":1: its folder has no row in the table of rooms");
    return wrong;
  }
  for (const Include& include : Includes(text)) {
    std::string what;
    if (include.quoted && include.path.find("..") != std::string::npos) {
      what = "includes start at the root of the tree";
    } else if (room != nullptr) {
      what = CheckInclude(*room, include);
    }
    if (what.empty()) continue;
    wrong.push_back(path + ":" + std::to_string(include.line) + ": " + what +
                    " (" + include.path + ")");
  }
  return wrong;
}

std::string FindCycle(const FolderGraph& graph) {
  std::set<std::string> done;
  std::vector<std::string> trail;
  std::string cycle;
  const std::function<bool(const std::string&)> visit =
      [&](const std::string& folder) {
        const auto seen = std::find(trail.begin(), trail.end(), folder);
        if (seen != trail.end()) {
          for (auto it = seen; it != trail.end(); ++it) cycle += *it + " -> ";
          cycle += folder;
          return true;
        }
        if (done.contains(folder)) return false;
        trail.push_back(folder);
        if (const auto edges = graph.find(folder); edges != graph.end()) {
          for (const std::string& next : edges->second) {
            if (visit(next)) return true;
          }
        }
        trail.pop_back();
        done.insert(folder);
        return false;
      };
  for (const auto& [folder, edges] : graph) {
    if (visit(folder)) return cycle;
  }
  return "";
}

}  // namespace lb::architecture
