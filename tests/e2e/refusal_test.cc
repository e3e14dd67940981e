// What the controller will not start on: one line, an exit code, and nothing
// changed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/fleet.h"

namespace lb::e2e {
namespace {

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

TEST(Refusal, ANewerDatabaseIsLeftAlone) {
  Fleet fleet;
  fleet.StartController();
  fleet.controller().Signal(SIGTERM);
  EXPECT_EQ(EndOf(fleet.controller()).exit_code, 0);
  const std::string path = fleet.File("data/control.db");
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(
      sqlite3_exec(db, "PRAGMA user_version = 999", nullptr, nullptr, nullptr),
      SQLITE_OK);
  sqlite3_close(db);
  const std::string before = ReadFile(path);
  const Ended ended = EndOf(*fleet.TryController({}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(LastLine(ended.err),
              MatchesRegex("lb-controller: error: .*control.db.*999.*newer.*"));
  EXPECT_EQ(ReadFile(path), before);
}

TEST(Refusal, ADamagedDatabaseIsLeftAlone) {
  Fleet fleet;
  fleet.StartController();
  fleet.controller().Signal(SIGTERM);
  EXPECT_EQ(EndOf(fleet.controller()).exit_code, 0);
  const std::string path = fleet.File("data/control.db");
  std::ofstream(path, std::ios::trunc) << "not a database, whatever its name "
                                          "may say";
  const std::string before = ReadFile(path);
  const Ended ended = EndOf(*fleet.TryController({}));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(LastLine(ended.err), HasSubstr("control.db"));
  EXPECT_EQ(ReadFile(path), before);
}

}  // namespace
}  // namespace lb::e2e
