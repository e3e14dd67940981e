#include "controller/core/byte_codec.h"

#include <array>
#include <bit>
#include <cstddef>

namespace lb::controller {

void ByteWriter::Unsigned(std::uint64_t value) {
  std::array<char, 10> packed;  // 64 bits by seven
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) {
    packed[size++] = static_cast<char>((value & 0x7f) | 0x80);
  }
  packed[size++] = static_cast<char>(value);
  bytes_.append(packed.data(), size);
}

void ByteWriter::Double(double value) {
  const auto bits = std::bit_cast<std::uint64_t>(value);
  std::array<char, 8> packed;
  for (std::size_t i = 0; i < packed.size(); ++i) {
    packed[i] = static_cast<char>((bits >> (8 * i)) & 0xff);
  }
  bytes_.append(packed.data(), packed.size());
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
