#include "common/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "tests/support/notify_socket.h"
#include "tests/support/temp_dir.h"

namespace lb {
namespace {

constexpr std::chrono::seconds kLimit{30};

// Variables of the process, gone again with the object.
class Variables {
 public:
  Variables(const std::string& pid, const std::string& socket) {
    setenv("NOTIFY_SOCKET", socket.c_str(), 1);
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid.c_str(), 1);
  }
  Variables(const Variables&) = delete;
  Variables& operator=(const Variables&) = delete;
  ~Variables() {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      unsetenv(name);
  }
};

TEST(ServiceManager, HearsEachStateOnce) {
  const TempDir directory;
  const NotifySocket socket(directory.File("notify"));
  const ServiceManager manager(socket.path());
  manager.Ready();
  manager.Status("2 of 3 hosts are connected");
  manager.Alive();
  manager.Reloading(MonotonicTime(std::chrono::seconds(7)));
  manager.Stopping();
  EXPECT_EQ(socket.Next(kLimit), "READY=1");
  EXPECT_EQ(socket.Next(kLimit), "STATUS=2 of 3 hosts are connected");
  EXPECT_EQ(socket.Next(kLimit), "WATCHDOG=1");
  EXPECT_EQ(socket.Next(kLimit), "RELOADING=1\nMONOTONIC_USEC=7000000");
  EXPECT_EQ(socket.Next(kLimit), "STOPPING=1");
}

TEST(ServiceManager, IsReachedUnderAnAbstractName) {
  const std::string name = absl::StrCat("lb-notify-", getpid());
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, name.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address),
                 static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 +
                                        name.size())),
            0);
  ServiceManager("@" + name).Ready();
  std::array<char, 16> bytes{};
  EXPECT_EQ(recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT), 7);
  EXPECT_EQ(std::string(bytes.data()), "READY=1");
  close(fd);
}

TEST(ServiceManager, NobodyThereIsNoError) {
  ServiceManager("").Ready();
  ServiceManager("/nowhere/at/all").Ready();
  ServiceManager(std::string(200, 'x')).Ready();
}

TEST(ServiceManager, TheEnvironmentSaysWhetherThisProcessIsWatched) {
  const TempDir directory;
  const NotifySocket socket(directory.File("notify"));
  EXPECT_EQ(ServiceManager::FromEnvironment().patience().count(), 0);
  {
    const Variables mine(absl::StrCat(getpid()), socket.path());
    const ServiceManager manager = ServiceManager::FromEnvironment();
    EXPECT_EQ(manager.patience(), std::chrono::seconds(30));
    manager.Ready();
    EXPECT_EQ(socket.Next(kLimit), "READY=1");
  }
  const Variables others("1", socket.path());
  EXPECT_EQ(ServiceManager::FromEnvironment().patience().count(), 0);
}

}  // namespace
}  // namespace lb
