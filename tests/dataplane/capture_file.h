// Capture files for tests, written byte by byte, whole or damaged.
#ifndef LB_TESTS_DATAPLANE_CAPTURE_FILE_H_
#define LB_TESTS_DATAPLANE_CAPTURE_FILE_H_

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/dataplane/frames.h"

namespace lb::dataplane {

// A file of this test's own, removed with the object.
class TemporaryFile {
 public:
  explicit TemporaryFile(const Bytes& content) {
    static std::atomic<int> counter{0};
    path_ = (std::filesystem::temp_directory_path() /
             ("lb-test-" + std::to_string(getpid()) + "-" +
              std::to_string(++counter)))
                .string();
    std::ofstream(path_, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()),
               static_cast<std::streamsize>(content.size()));
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline Bytes Little32(std::size_t value) {
  Bytes bytes;
  for (int i = 0; i < 4; ++i) {
    bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  return bytes;
}

// The file header of pcap with microseconds; link type 1 is Ethernet.
inline Bytes PcapHeader(std::size_t link_type = 1) {
  return Little32(0xa1b2c3d4) + Bytes{2, 0, 4, 0} + Little32(0) + Little32(0) +
         Little32(65'535) + Little32(link_type);
}

inline Bytes PcapRecord(std::size_t microseconds, const Bytes& frame,
                        std::size_t wire_bytes) {
  return Little32(microseconds / 1'000'000) +
         Little32(microseconds % 1'000'000) + Little32(frame.size()) +
         Little32(wire_bytes) + frame;
}
inline Bytes PcapRecord(std::size_t microseconds, const Bytes& frame) {
  return PcapRecord(microseconds, frame, frame.size());
}

// A pcapng section with one Ethernet interface, time stamps in microseconds.
inline Bytes PcapngHeader() {
  return Little32(0x0a0d0d0a) + Little32(28) + Little32(0x1a2b3c4d) +
         Bytes{1, 0, 0, 0} + Bytes(8, 0xff) + Little32(28) + Little32(1) +
         Little32(20) + Bytes{1, 0, 0, 0} + Little32(65'535) + Little32(20);
}

inline Bytes PcapngPacket(std::size_t microseconds, const Bytes& frame) {
  const Bytes padding((4 - frame.size() % 4) % 4, 0);
  const std::size_t total = 32 + frame.size() + padding.size();
  return Little32(6) + Little32(total) + Little32(0) + Little32(0) +
         Little32(microseconds) + Little32(frame.size()) +
         Little32(frame.size()) + frame + padding + Little32(total);
}

}  // namespace lb::dataplane

#endif  // LB_TESTS_DATAPLANE_CAPTURE_FILE_H_
