#include "tests/bench/bench_flows.h"

#include <pthread.h>
#include <sched.h>

#include <cstring>

namespace lb::dataplane {
namespace {

void Put16(Frame& frame, std::size_t at, std::size_t value) {
  frame[at] = std::byte(value >> 8 & 0xff);
  frame[at + 1] = std::byte(value & 0xff);
}

}  // namespace

FlowKey BenchFlow(std::uint32_t n, IpVersion version) {
  // splitmix64 (Steele, Lea and Flood, 2014): bits as random as those of real
  // flows, for hashes whose cost depends on how many are set.
  std::uint64_t seed = n;
  const auto random = [&seed] {
    std::uint64_t x = seed += 0x9e37'79b9'7f4a'7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d0'49bb'1331'11ebULL;
    return x ^ (x >> 31);
  };
  FlowKey key;
  key.version = version;
  key.protocol = 17;
  const std::size_t words = version == IpVersion::kIpv6 ? 4 : 1;
  for (std::size_t i = 0; i < 4 * words; i += 4) {
    const std::uint64_t bits = random();
    std::memcpy(&key.source[i], &bits, 4);
    std::memcpy(&key.destination[i], reinterpret_cast<const char*>(&bits) + 4,
                4);
  }
  std::memcpy(key.source.data(), &n, 4);  // no two flows alike
  const std::uint64_t ports = random();
  key.source_port = static_cast<std::uint16_t>(ports);
  key.destination_port = static_cast<std::uint16_t>(ports >> 16);
  return key;
}

Frame BenchFrame(const FlowKey& flow) {
  Frame frame{};
  std::size_t udp = 0;
  if (flow.version == IpVersion::kIpv6) {
    Put16(frame, 12, 0x86dd);
    frame[14] = std::byte{0x60};
    Put16(frame, 18, 8);
    frame[20] = std::byte{17};
    std::memcpy(&frame[22], flow.source.data(), 16);
    std::memcpy(&frame[38], flow.destination.data(), 16);
    udp = 54;
  } else {
    Put16(frame, 12, 0x0800);
    frame[14] = std::byte{0x45};
    Put16(frame, 16, 46);
    frame[23] = std::byte{17};
    std::memcpy(&frame[26], flow.source.data(), 4);
    std::memcpy(&frame[30], flow.destination.data(), 4);
    udp = 34;
  }
  Put16(frame, udp, flow.source_port);
  Put16(frame, udp + 2, flow.destination_port);
  Put16(frame, udp + 4, flow.version == IpVersion::kIpv6 ? 8 : 26);
  return frame;
}

FlowHash BenchHash(HashKind kind) {
  static constexpr std::array<std::uint8_t, kSipKeyBytes> kSecret = {
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  return kind == HashKind::kSipHash
             ? FlowHash::Create(kind, kSecret).value()
             : FlowHash::Create(kind, kSymmetricKey).value();
}

static_assert(sizeof(cpu_set_t) == 128);

OnCpu::OnCpu(unsigned cpu) {
  cpu_set_t set;
  pthread_getaffinity_np(pthread_self(), sizeof set, &set);
  std::memcpy(before_.data(), &set, sizeof set);
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

OnCpu::~OnCpu() {
  cpu_set_t set;
  std::memcpy(&set, before_.data(), sizeof set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

}  // namespace lb::dataplane
