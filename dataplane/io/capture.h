// A capture file read whole into memory, so that replaying it costs no I/O.
// Immutable once loaded; any thread.
#ifndef LB_DATAPLANE_IO_CAPTURE_H_
#define LB_DATAPLANE_IO_CAPTURE_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::dataplane {

class Capture {
 public:
  struct Frame {
    std::size_t offset = 0;            // into the capture's bytes
    std::uint32_t captured_bytes = 0;  // at most kFrameBytes
    std::uint32_t wire_bytes = 0;
    // Since the first frame; never less than the frame before.
    std::chrono::nanoseconds time{0};
  };

  // Reads a pcap or pcapng file. NOT_FOUND or PERMISSION_DENIED if it cannot
  // be opened, DATA_LOSS if it is no capture, or not of Ethernet. A file that
  // is damaged further on is loaded up to there; see damage().
  static absl::StatusOr<Capture> Load(const std::string& path);

  const std::vector<Frame>& frames() const { return frames_; }
  std::span<const std::byte> bytes(const Frame& frame) const {
    return std::span(bytes_).subspan(frame.offset, frame.captured_bytes);
  }

  // Time from the first frame of one round to that of the next when played
  // again and again: the duration and one mean gap.
  std::chrono::nanoseconds round_time() const;

  // DATA_LOSS, naming the file and the last whole packet, if the file goes on
  // but not as a capture; OK if it was read to its end.
  const absl::Status& damage() const { return damage_; }

 private:
  std::vector<std::byte> bytes_;
  std::vector<Frame> frames_;
  absl::Status damage_;
};

}  // namespace lb::dataplane

#endif  // LB_DATAPLANE_IO_CAPTURE_H_
