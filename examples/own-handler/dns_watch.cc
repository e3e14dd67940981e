// Counts the DNS queries and answers of every connection in a capture, on two
// processors: a packet handler outside the project.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "dataplane/core/big_endian.h"
#include "dataplane/core/packet_handler.h"
#include "dataplane/core/parser.h"
#include "dataplane/engine/engine.h"
#include "dataplane/io/open_source.h"

namespace {

using namespace lb::dataplane;  // NOLINT: a program of one file

struct Totals {
  std::uint64_t queries = 0;
  std::uint64_t answers = 0;
  std::uint64_t askers = 0;      // connections with a query
  std::uint64_t unanswered = 0;  // those of them with more queries than answers
};

// Keeps per connection the queries that are not answered yet.
class DnsWatch final : public PacketHandler {
 public:
  explicit DnsWatch(Totals& totals) : totals_(totals) {}

  Verdict OnPacket(Connection& connection, Packet& packet,
                   PacketContext&) override {
    const std::optional<bool> answer = IsAnswer(packet);
    if (!answer.has_value()) return Verdict::kConsumed;
    std::uint64_t& queries = connection.handler_state[0];
    std::uint64_t& answers = connection.handler_state[1];
    const bool was_open = queries > answers;
    if (*answer) {
      ++answers;
      ++totals_.answers;
    } else {
      if (queries++ == 0) ++totals_.askers;
      ++totals_.queries;
    }
    // A processor's sums may go below zero, where a connection was moved to it
    // with a query open; all processors' sums together do not.
    totals_.unanswered += (queries > answers) - was_open;
    return Verdict::kConsumed;
  }

  std::optional<std::chrono::milliseconds> OnTimer(Connection&,
                                                   std::int64_t) override {
    return std::nullopt;  // it idled: forget it
  }

 private:
  // Whether a DNS message is an answer; nothing if the packet is none.
  static std::optional<bool> IsAnswer(const Packet& packet) {
    constexpr std::uint8_t kUdp = 17;
    constexpr std::uint16_t kDnsPort = 53;
    constexpr std::size_t kFlags = 8 + 2;  // behind the UDP header and an id
    const Parsed parsed = ParseFrame(packet.captured());
    const bool dns = parsed.key.protocol == kUdp &&
                     (parsed.key.source_port == kDnsPort ||
                      parsed.key.destination_port == kDnsPort);
    const std::size_t flags = parsed.transport_offset + kFlags;
    if (!dns || flags + 2 > packet.captured_bytes) return std::nullopt;
    return (Load16(packet.captured(), flags) & 0x8000) != 0;
  }

  Totals& totals_;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "dns-watch: error: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: dns-watch CAPTURE\n", stderr);
    return 2;
  }
  auto source = OpenSource(std::string("pcap:") + argv[1]);
  if (!source.ok()) return Fail(source.status());

  std::vector<Totals> totals(2);  // by processor
  EngineOptions options;
  options.key.assign(16, 0);  // give a secret one where others choose addresses
  options.processors.assign(totals.size(),
                            {.cpu = 0, .capacity_permille = 500});
  options.pin = false;
  options.sources.push_back(*std::move(source));
  options.handler = [&totals](lb::ProcessorId id) {
    return std::make_unique<DnsWatch>(totals[id.index()]);
  };
  auto engine = Engine::Create(std::move(options));
  if (!engine.ok()) return Fail(engine.status());
  (*engine)->Start();
  const absl::Status status = (*engine)->WaitUntilDone();
  (*engine)->Stop();
  if (!status.ok()) return Fail(status);

  Totals sum;
  for (const Totals& part : totals) {
    sum.queries += part.queries;
    sum.answers += part.answers;
    sum.askers += part.askers;
    sum.unanswered += part.unanswered;
  }
  const EngineSummary summary = (*engine)->Summary();
  std::printf(
      "%llu packets, %llu DNS queries and %llu answers of %llu connections, "
      "%llu of them unanswered\n",
      static_cast<unsigned long long>(summary.counters.served),
      static_cast<unsigned long long>(sum.queries),
      static_cast<unsigned long long>(sum.answers),
      static_cast<unsigned long long>(sum.askers),
      static_cast<unsigned long long>(sum.unanswered));
  return 0;
}
