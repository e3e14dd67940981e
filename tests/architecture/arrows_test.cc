#include "tests/architecture/arrows.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::architecture {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Every .h and .cc of the tree by its path from the root. Build folders and
// hidden ones are not part of it.
std::map<std::string, std::string> ReadTree() {
  std::map<std::string, std::string> files;
  const fs::path root = LB_SOURCE_DIR;
  for (auto it = fs::recursive_directory_iterator(root);
       it != fs::recursive_directory_iterator(); ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory()) {
      if (name.starts_with(".") || name == "build" || name == "node_modules") {
        it.disable_recursion_pending();
      }
      continue;
    }
    if (!name.ends_with(".h") && !name.ends_with(".cc")) continue;
    std::ifstream in(it->path());
    std::ostringstream text;
    text << in.rdbuf();
    EXPECT_TRUE(in) << it->path();
    files[fs::relative(it->path(), root).generic_string()] = text.str();
  }
  return files;
}

std::string FolderOf(const std::string& path) {
  return fs::path(path).parent_path().generic_string();
}

class TreeTest : public ::testing::Test {
 protected:
  static const std::map<std::string, std::string>& Tree() {
    static const auto* tree =
        new std::map<std::string, std::string>(ReadTree());
    return *tree;
  }
};

TEST_F(TreeTest, WasFound) {
  EXPECT_GT(Tree().size(), 20u);
  EXPECT_TRUE(Tree().contains("common/ids.h"));
  EXPECT_TRUE(Tree().contains("tests/architecture/arrows_test.cc"));
}

TEST_F(TreeTest, KeepsTheArrows) {
  for (const auto& [path, text] : Tree()) {
    for (const std::string& wrong : CheckFile(path, text)) {
      ADD_FAILURE() << wrong;
    }
  }
}

TEST_F(TreeTest, HasNoIncludeCycleBetweenFolders) {
  FolderGraph graph;
  for (const auto& [path, text] : Tree()) {
    for (const Include& include : Includes(text)) {
      if (!Tree().contains(include.path)) continue;
      const std::string from = FolderOf(path);
      const std::string to = FolderOf(include.path);
      if (from != to) graph[from].insert(to);
    }
  }
  EXPECT_FALSE(graph.empty());
  EXPECT_EQ(FindCycle(graph), "");
}

// "name.h" beside the file would hide from the rules.
TEST_F(TreeTest, IncludesItsOwnFilesFromTheRoot) {
  for (const auto& [path, text] : Tree()) {
    for (const Include& include : Includes(text)) {
      const std::string beside = FolderOf(path) + "/" + include.path;
      EXPECT_FALSE(Tree().contains(beside))
          << path << ":" << include.line << ": write \"" << beside << "\"";
    }
  }
}

struct Planted {
  const char* path;
  const char* text;
  const char* message;  // null: allowed
};

TEST(CheckFile, CatchesPlantedViolations) {
  const Planted cases[] = {
      {"common/ids.h", "#include \"balance/planner.h\"\n",
       "common/ids.h:1: common may not include balance (balance/planner.h)"},
      {"balance/a.cc", "#include <vector>\n\n#include \"agent/agent.h\"\n",
       "balance/a.cc:3: balance may not include agent"},
      {"balance/a.cc", "#include \"dataplane/core/packet.h\"\n",
       "may not include dataplane/core"},
      {"balance/a.cc", "  #  include <grpcpp/grpcpp.h>\n",
       "balance never sees protobuf or gRPC"},
      {"sim/a.cc", "#include \"lb/v1/plan.pb.h\"\n",
       "sim may not include proto"},
      {"sim/a.cc", "#include \"dataplane/engine/engine.h\"\n",
       "sim may not include dataplane/engine"},
      {"sim/a.cc", "#include \"controller/core/loop.h\"\n",
       "sim may not include controller/core"},
      {"sim/a.cc", "#include <grpcpp/grpcpp.h>\n",
       "sim never sees protobuf or gRPC"},
      {"balance/a.cc", "#include \"sim/simulation.h\"\n",
       "balance may not include sim"},
      {"dataplane/io/a.cc", "#include \"sim/simulation.h\"\n",
       "dataplane/io may not include sim"},
      {"controller/core/a.cc", "#include <google/protobuf/message.h>\n",
       "controller/core never sees protobuf or gRPC"},
      {"controller/core/a.cc", "#include \"controller/store/store.h\"\n",
       "controller/core may not include controller/store"},
      {"controller/rpc/a.cc", "#include \"controller/store/store.h\"\n",
       "controller/rpc may not include controller/store"},
      {"controller/rpc/a.cc", "#include \"agent/agent.h\"\n",
       "controller/rpc may not include agent"},
      {"agent/a.cc", "#include \"controller/core/loop.h\"\n",
       "agent may not include controller/core"},
      {"agent/a.cc", "#include \"balance/planner.h\"\n",
       "agent may not include balance"},
      {"agent/a.cc", "#include \"dataplane/core/packet.h\"\n",
       "agent may not include dataplane/core"},
      {"cli/a.cc", "#include \"dataplane/dataplane.h\"\n",
       "cli may not include dataplane"},
      {"cli/a.cc", "#include \"dataplane/io/open_source.h\"\n",
       "cli may not include dataplane/io"},
      {"dataplane/core/a.cc", "#include \"dataplane/io/open_source.h\"\n",
       "dataplane/core may not include dataplane/io"},
      {"dataplane/dataplane.h", "#include \"dataplane/engine/engine.h\"\n",
       "dataplane may not include dataplane/engine"},
      {"common/a.cc", "#include \"tests/support/fake_clock.h\"\n",
       "nothing outside tests/ may include tests/"},
      {"agent/a.cc", "#include \"../common/ids.h\"\n",
       "includes start at the root"},
      {"newroom/a.cc", "", "no row in the table of rooms"},
      {"main.cc", "", "no row in the table of rooms"},
      {"common/string_util.h", "", "a file called \"util\""},
      {"tests/balance/helpers.h", "", "a file called \"helpers\""},
      // Allowed.
      {"balance/a.cc", "#include \"balance/b.h\"\n#include \"common/ids.h\"\n",
       nullptr},
      {"balance/a.cc", "// #include \"agent/agent.h\"\n", nullptr},
      {"balance/a.cc", "#include \"absl/status/status.h\"\n", nullptr},
      {"balance/utilization.h", "", nullptr},
      {"agent/link/a.cc", "#include \"lb/v1/plan.grpc.pb.h\"\n", nullptr},
      {"controller/main.cc",
       "#include \"controller/rpc/server.h\"\n#include <grpcpp/grpcpp.h>\n",
       nullptr},
      {"controller/store/a.cc", "#include \"controller/core/store.h\"\n",
       nullptr},
      {"dataplane/engine/a.cc", "#include \"dataplane/dataplane.h\"\n",
       nullptr},
      {"sim/a.cc",
       "#include \"balance/planner.h\"\n"
       "#include \"dataplane/core/fair_queue.h\"\n"
       "#include \"dataplane/io/capture.h\"\n",
       nullptr},
      {"cli/a.cc", "#include \"sim/simulation.h\"\n", nullptr},
      {"tests/agent/a.cc", "#include \"controller/core/loop.h\"\n", nullptr},
  };
  for (const Planted& c : cases) {
    SCOPED_TRACE(std::string(c.path) + ": " + c.text);
    if (c.message == nullptr) {
      EXPECT_THAT(CheckFile(c.path, c.text), IsEmpty());
    } else {
      EXPECT_THAT(CheckFile(c.path, c.text), ElementsAre(HasSubstr(c.message)));
    }
  }
}

TEST(FindCycle, NamesTheFolders) {
  EXPECT_EQ(FindCycle({{"a", {"b", "c"}}, {"b", {"c"}}}), "");
  EXPECT_EQ(FindCycle({{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}}),
            "b -> c -> b");
}

}  // namespace
}  // namespace lb::architecture
