// What the controller will not start on: one line, an exit code, and nothing
// changed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/fleet.h"
#include "tests/support/damage_file.h"

namespace lb::e2e {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

// A port that somebody listens on for as long as this lives.
class TakenPort {
 public:
  TakenPort() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(fd_, any, size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, any, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  TakenPort(const TakenPort&) = delete;
  TakenPort& operator=(const TakenPort&) = delete;
  ~TakenPort() { close(fd_); }
  std::string port() const { return std::to_string(port_); }

 private:
  int fd_;
  int port_ = 0;
};

Ended EndOf(Process& process) {
  auto ended = process.Wait(kLimit);
  EXPECT_TRUE(ended.ok()) << ended.status();
  return ended.ok() ? *ended : Ended();
}

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The last line is the error; log lines may come before it.
std::string LastLine(const std::string& text) {
  const std::size_t end = text.find_last_not_of('\n');
  const std::size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1, end - begin);
}

TEST(Refusal, APortInUseIsNamed) {
  Fleet fleet;
  const TakenPort taken;
  const Ended ended = EndOf(*fleet.TryController(
      {{"--insecure-loopback", "127.0.0.1:" + taken.port()}}));
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_THAT(
      LastLine(ended.err),
      MatchesRegex("lb-controller: error: .*127.0.0.1:" + taken.port() + ".*"));
}

TEST(Refusal, ASecondControllerOnTheSameStoreOrSocketsIsTurnedAway) {
  Fleet fleet;
  fleet.StartController();
  const Ended sockets =
      EndOf(*fleet.TryController({{"--data-dir", fleet.File("other-data")}}));
  EXPECT_EQ(sockets.exit_code, 1);
  EXPECT_THAT(LastLine(sockets.err), HasSubstr("agent.sock"));
  const Ended store =
      EndOf(*fleet.TryController({{"--run-dir", fleet.File("other-run")}}));
  EXPECT_EQ(store.exit_code, 4);
  EXPECT_THAT(LastLine(store.err), HasSubstr("lb-controller: error: "));
  // The first one does not mind.
  EXPECT_EQ(fleet.Lbctl({"host", "list"}).exit_code, 0);
}

struct Unfit {
  const char* name;
  std::function<void(const std::string& path)> spoil;
  const char* words;  // what is wrong, and the next step
};

class UnfitDatabaseTest : public testing::TestWithParam<Unfit> {};

TEST_P(UnfitDatabaseTest, IsRefusedInOneLineAndLeftAlone) {
  Fleet fleet;
  fleet.StartController();
  fleet.StopController();
  const std::string path = fleet.File("data/control.db");
  GetParam().spoil(path);
  const std::string before = ReadFile(path);
  const Ended ended = EndOf(*fleet.TryController({}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.err, MatchesRegex("lb-controller: error: [^\n]*\n"));
  EXPECT_THAT(ended.err, HasSubstr(path));
  EXPECT_THAT(ended.err, ContainsRegex(GetParam().words));
  EXPECT_EQ(ReadFile(path), before);
}

void Execute(const std::string& path, const char* sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
}

// SQLite's header takes the first 100 bytes of the first page of 4,096.
INSTANTIATE_TEST_SUITE_P(
    All, UnfitDatabaseTest,
    testing::Values(
        Unfit{"newer",
              [](const std::string& path) {
                Execute(path, "PRAGMA user_version = 999");
              },
              "version 999, .*; use a newer lb-controller"},
        Unfit{"header",
              [](const std::string& path) { DamageFile(path, 0, 100); },
              "not a database; restore it from a backup"},
        Unfit{"header_behind_its_name",
              [](const std::string& path) { DamageFile(path, 24, 76); },
              "malformed; restore it from a backup"},
        Unfit{"first_page",
              [](const std::string& path) { DamageFile(path, 100, 2'000); },
              "malformed; restore it from a backup"},
        Unfit{"text",
              [](const std::string& path) {
                std::ofstream(path, std::ios::trunc)
                    << "not a database, whatever its name may say";
              },
              "not a database; restore it from a backup"},
        Unfit{"emptied",
              [](const std::string& path) {
                std::ofstream(path, std::ios::trunc);
              },
              "is empty; restore it from a backup"},
        Unfit{"foreign",
              [](const std::string& path) {
                std::filesystem::remove(path);
                Execute(path, "CREATE TABLE letters (text)");
              },
              "is not a control database of lb-controller; restore it from a "
              "backup"}),
    [](const auto& param_info) { return std::string(param_info.param.name); });

}  // namespace
}  // namespace lb::e2e
