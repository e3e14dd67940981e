#include "controller/core/byte_codec.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace lb::controller {

void ByteWriter::Grow(std::size_t size) {
  bytes_.resize(2 * bytes_.size() + size);
}

void ByteWriter::Unsigned(std::uint64_t value) {
  constexpr std::size_t kMost = 10;  // 64 bits by seven
  char* const begin = Room(kMost);
  char* end = begin;
  for (; value >= 0x80; value >>= 7) {
    *end++ = static_cast<char>((value & 0x7f) | 0x80);
  }
  *end++ = static_cast<char>(value);
  size_ += static_cast<std::size_t>(end - begin);
}

void ByteWriter::Bytes(std::string_view bytes) {
  std::copy(bytes.begin(), bytes.end(), Room(bytes.size()));
  size_ += bytes.size();
}

void ByteWriter::Double(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  char* const begin = Room(sizeof bits);
  for (std::size_t i = 0; i < sizeof bits; ++i) {
    begin[i] = static_cast<char>((bits >> (8 * i)) & 0xff);
  }
  size_ += sizeof bits;
}

std::string ByteWriter::Take() && {
  bytes_.resize(size_);
  return std::move(bytes_);
}

std::uint64_t ByteReader::Fail() {
  failed_ = true;
  rest_ = {};
  return 0;
}

std::uint64_t ByteReader::Unsigned() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) return Fail();
    const auto byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    const std::uint64_t bits = byte & 0x7f;
    if (shift == 63 && bits > 1) return Fail();
    value |= bits << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return Fail();
}

std::uint64_t ByteReader::UpTo(std::uint64_t max) {
  const std::uint64_t value = Unsigned();
  return value <= max ? value : Fail();
}

double ByteReader::Double() {
  if (rest_.size() < 8) {
    Fail();
    return 0;
  }
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    bits |= std::uint64_t{static_cast<std::uint8_t>(rest_[i])} << (8 * i);
  }
  rest_.remove_prefix(8);
  return std::bit_cast<double>(bits);
}

std::string ByteReader::Bytes(std::uint64_t size) {
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  std::string bytes(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return bytes;
}

absl::Status ByteReader::status() const {
  return failed_ ? absl::DataLossError("packed values are damaged")
                 : absl::OkStatus();
}

}  // namespace lb::controller
