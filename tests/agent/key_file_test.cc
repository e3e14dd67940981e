#include "agent/key_file.h"

#include <sys/stat.h>

#include <string>

#include "agent/durable_file.h"
#include "agent/state_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace lb::agent {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KeyFile, IsMadeOnceAndKept) {
  const TempDir dir;
  const std::string path = dir.File("key");
  const auto first = LoadOrCreateKey(path, HashKind::kSipHash);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(first->created);
  EXPECT_EQ(first->bytes.size(), 16u);
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  const auto second = LoadOrCreateKey(path, HashKind::kSipHash);
  ASSERT_TRUE(second.ok());
  EXPECT_FALSE(second->created);
  EXPECT_EQ(second->bytes, first->bytes);
}

TEST(KeyFile, EveryHostHasItsOwn) {
  const TempDir dir;
  EXPECT_NE(LoadOrCreateKey(dir.File("a"), HashKind::kSipHash)->bytes,
            LoadOrCreateKey(dir.File("b"), HashKind::kSipHash)->bytes);
}

TEST(KeyFile, ReadsHex) {
  const TempDir dir;
  const std::string path = dir.File("key");
  ASSERT_TRUE(
      WriteFileDurably(path, "siphash 000102030405060708090a0B0C0d0e0f\n")
          .ok());
  EXPECT_THAT(
      LoadOrCreateKey(path, HashKind::kSipHash)->bytes,
      ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  const std::string nic = dir.File("nic");
  ASSERT_TRUE(
      WriteFileDurably(nic, "toeplitz " + std::string(80, '6') + "\n").ok());
  EXPECT_EQ(LoadOrCreateKey(nic, HashKind::kToeplitz)->bytes,
            std::vector<std::uint8_t>(40, 0x66));
}

TEST(KeyFile, RefusesWhatIsNoKey) {
  const TempDir dir;
  const std::string path = dir.File("key");
  const std::string hex32 = "000102030405060708090a0b0c0d0e0f";
  for (const std::string& content :
       {std::string(), std::string("siphash"), std::string("siphash \n"),
        "siphash " + hex32.substr(1), "siphash " + hex32 + "00",
        "siphash g" + hex32.substr(1), hex32, "toeplitz " + hex32}) {
    ASSERT_TRUE(WriteFileDurably(path, content).ok());
    const absl::Status status =
        LoadOrCreateKey(path, HashKind::kSipHash).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << content;
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(path), HasSubstr("move it away")));
    // The key itself is in no message.
    EXPECT_EQ(status.message().find("0203"), absl::string_view::npos);
  }
}

TEST(KeyFile, AToeplitzKeyIsNeverMadeUp) {
  const TempDir dir;
  EXPECT_EQ(
      LoadOrCreateKey(dir.File("key"), HashKind::kToeplitz).status().code(),
      absl::StatusCode::kNotFound);
}

TEST(KeyFile, RefusesAKeyOthersMayRead) {
  const TempDir dir;
  const std::string path = dir.File("key");
  ASSERT_TRUE(LoadOrCreateKey(path, HashKind::kSipHash).ok());
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(LoadOrCreateKey(path, HashKind::kSipHash).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST(StateDirectory, IsPrivateAndHeldByOne) {
  const TempDir dir;
  const std::string path = dir.File("state");
  {
    const auto held = StateDirectory::Open(path);
    ASSERT_TRUE(held.ok()) << held.status();
    EXPECT_EQ(held->File("plan"), path + "/plan");
    struct stat info {};
    ASSERT_EQ(stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 07777, 0700u);
    const absl::Status second = StateDirectory::Open(path).status();
    EXPECT_EQ(second.code(), absl::StatusCode::kUnavailable);
    EXPECT_THAT(std::string(second.message()), HasSubstr("another agent"));
  }
  EXPECT_TRUE(StateDirectory::Open(path).ok());
}

TEST(StateDirectory, ClosesAnOpenOneAndRefusesAFile) {
  const TempDir dir;
  ASSERT_EQ(mkdir(dir.File("open").c_str(), 0755), 0);
  ASSERT_TRUE(StateDirectory::Open(dir.File("open")).ok());
  struct stat info {};
  ASSERT_EQ(stat(dir.File("open").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
  ASSERT_TRUE(WriteFileDurably(dir.File("file"), "x").ok());
  EXPECT_EQ(StateDirectory::Open(dir.File("file")).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(StateDirectory::Open(dir.File("no/state")).status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace lb::agent
