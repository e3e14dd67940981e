// Deterministic packing of integers into bytes: equal values give equal bytes
// on every machine. Unsigned LEB128, as in DWARF and Protobuf. Pure.
#ifndef LB_CONTROLLER_CORE_BYTE_CODEC_H_
#define LB_CONTROLLER_CORE_BYTE_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lb::controller {

class ByteWriter {
 public:
  void Unsigned(std::uint64_t value);
  // As they are; the reader must know how many.
  void Bytes(std::string_view bytes);
  // The eight bytes of its IEEE 754 pattern, so exact.
  void Double(double value);
  std::string Take() &&;

 private:
  // Where the next `size` bytes may be written.
  char* Room(std::size_t size) {
    if (bytes_.size() - size_ < size) Grow(size);
    return bytes_.data() + size_;
  }
  // Makes room for that many bytes at least.
  void Grow(std::size_t size);

  std::string bytes_;  // the first size_ are written, the rest is room
  std::size_t size_ = 0;
};

// Reads what a ByteWriter wrote. After the first error every read gives 0 and
// status() tells; so check it once, before believing any value.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t Unsigned();
  // Unsigned, at most `max`.
  std::uint64_t UpTo(std::uint64_t max);
  double Double();
  // The next `size` bytes as they are.
  std::string Bytes(std::uint64_t size);
  bool AtEnd() const { return rest_.empty(); }
  // DATA_LOSS after a read past the end, over its limit or of bad bytes.
  absl::Status status() const;

 private:
  std::uint64_t Fail();

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_BYTE_CODEC_H_
