// Any bytes as a frame: the parser stays inside them, keeps its promises, what
// the replay does to a frame leaves it as parseable as it was, and an answer
// goes back to who asked.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "common/flow_key.h"
#include "dataplane/core/packet_key.h"
#include "dataplane/core/parser.h"
#include "dataplane/core/reflect.h"
#include "dataplane/io/client_address.h"

namespace {

using lb::FlowKey;
using lb::dataplane::Packet;
using lb::dataplane::Parsed;
using lb::dataplane::ParseFrame;
using lb::dataplane::ParseResult;

void Require(bool promise) {
  if (!promise) std::abort();
}

// In memory of exactly this size, so that AddressSanitizer sees any byte read
// behind it.
struct ExactCopy {
  explicit ExactCopy(std::span<const std::byte> bytes)
      : size(bytes.size()), data(new std::byte[size]) {
    if (size > 0) std::memcpy(data.get(), bytes.data(), size);
  }
  std::span<std::byte> span() const { return {data.get(), size}; }

  std::size_t size;
  std::unique_ptr<std::byte[]> data;
};

void CheckParsed(const Parsed& parsed, std::size_t bytes) {
  if (parsed.result != ParseResult::kOk) {
    Require(parsed.key == FlowKey{} && !parsed.fragment);
    return;
  }
  Require(parsed.key.version != lb::IpVersion::kNone);
  Require(parsed.ip_offset >= 14 && parsed.ip_offset + 20u <= bytes);
  const bool ports =
      parsed.key.source_port != 0 || parsed.key.destination_port != 0;
  Require(!parsed.fragment || !ports);
  Require(parsed.fragment ? parsed.transport_offset == 0
                          : parsed.transport_offset >= parsed.ip_offset + 20u &&
                                parsed.transport_offset < parsed.ip_end);
}

// What parses when the capture ends early parses alike when it does not.
void CheckPrefix(std::span<const std::byte> frame, std::size_t bytes,
                 const Parsed& whole) {
  const ExactCopy prefix(frame.first(bytes));
  const Parsed parsed = ParseFrame(prefix.span());
  CheckParsed(parsed, bytes);
  if (parsed.result == ParseResult::kTruncated) return;
  Require(parsed.result == whole.result && parsed.key == whole.key);
}

std::unique_ptr<Packet> Captured(std::span<const std::byte> bytes) {
  auto packet = std::make_unique<Packet>();
  std::ranges::copy(bytes, packet->frame.begin());
  packet->Resize(static_cast<std::uint32_t>(bytes.size()));
  return packet;
}

// What a dispatcher reads of usual frames is what the parser says.
void CheckKey(std::span<const std::byte> bytes, const Parsed& parsed) {
  if (bytes.size() > lb::dataplane::kFrameBytes) return;
  const auto packet = Captured(bytes);
  Packet* const one = packet.get();
  lb::dataplane::WriteKeys({&one, 1}, lb::dataplane::KeyForm::kCanonical);
  Require(packet->parse == parsed.result &&
          packet->key == lb::Canonical(parsed.key) &&
          packet->reversed == !lb::IsCanonical(parsed.key));
  lb::dataplane::WriteKeys({&one, 1}, lb::dataplane::KeyForm::kAsIs);
  Require(packet->key == parsed.key && !packet->reversed);
}

// `missing` bytes of the frame were not captured.
void CheckReflect(std::span<const std::byte> bytes, std::uint32_t missing) {
  if (bytes.size() > lb::dataplane::kFrameBytes) return;
  const auto packet = Captured(bytes);
  packet->wire_bytes += missing;
  if (lb::dataplane::Reflect(*packet) && !packet->cut()) {
    const Parsed answer = ParseFrame(packet->captured());
    Require(answer.result == ParseResult::kOk &&
            answer.key == lb::Reversed(ParseFrame(bytes).key));
  } else {
    Require(std::ranges::equal(packet->captured(), bytes));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  const ExactCopy frame(std::as_bytes(std::span(data, size)));
  const Parsed parsed = ParseFrame(frame.span());
  CheckParsed(parsed, size);
  for (const std::size_t bytes : {size / 2, size - size / 4}) {
    CheckPrefix(frame.span(), bytes, parsed);
  }
  CheckKey(frame.span(), parsed);
  CheckReflect(frame.span(), 0);
  CheckReflect(frame.span(), 1'000);
  lb::dataplane::ShiftClient(frame.span(),
                             lb::dataplane::FindClient(frame.span()), size);
  Require(ParseFrame(frame.span()).result == parsed.result);
  return 0;
}
