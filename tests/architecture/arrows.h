// The arrows between folders, as a table, and a checker for one file's text.
// Pure; any thread.
#ifndef LB_TESTS_ARCHITECTURE_ARROWS_H_
#define LB_TESTS_ARCHITECTURE_ARROWS_H_

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lb::architecture {

struct Include {
  std::size_t line = 0;  // from 1
  std::string path;
  bool quoted = false;
};

// The #include lines of a source text.
std::vector<Include> Includes(std::string_view text);

// The room a path of this tree lies in, such as "dataplane/core" or, for files
// directly in it, "dataplane"; "proto" for generated headers (lb/v1/...);
// "tests" for everything below tests/. Empty if the path is none of ours.
std::string RoomOf(std::string_view path);

// What breaks a rule in the file `path` (from the root of the tree) that holds
// `text`: one line each, "path:line: what is wrong".
std::vector<std::string> CheckFile(const std::string& path,
                                   std::string_view text);

using FolderGraph = std::map<std::string, std::set<std::string>>;

// A cycle as "a -> b -> a", or empty if there is none.
std::string FindCycle(const FolderGraph& graph);

}  // namespace lb::architecture

#endif  // LB_TESTS_ARCHITECTURE_ARROWS_H_
