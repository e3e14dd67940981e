#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/io/open_sink.h"
#include "dataplane/io/pcap_sink.h"
#include "dataplane/io/pcap_source.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/frames.h"
#include "tests/dataplane/read_source.h"
#include "tests/support/temp_dir.h"

namespace lb::dataplane {
namespace {

using ::testing::HasSubstr;

// Packets of rising length, 60 bytes and more.
std::vector<Packet> Packets(std::uint32_t count) {
  std::vector<Packet> packets(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    packets[i].Resize(60 + i);
    packets[i].frame.fill(static_cast<std::byte>(i));
  }
  return packets;
}

std::size_t SendAll(PacketSink& sink, const std::vector<Packet>& packets) {
  std::vector<const Packet*> pointers;
  for (const Packet& packet : packets) pointers.push_back(&packet);
  return sink.Send(pointers);
}

TEST(PcapSink, WritesWhatAPcapSourceReads) {
  const TempDir dir;
  const std::string file = dir.File("out.pcap");
  const std::vector<Packet> packets = Packets(100);
  {
    auto sink = OpenSink("pcap:" + file);
    ASSERT_TRUE(sink.ok()) << sink.status();
    EXPECT_EQ(SendAll(**sink, packets), packets.size());
    // There without the sink's end.
    (*sink)->Flush();
    EXPECT_TRUE((*sink)->status().ok());
    auto source = PcapSource::Open({.file = file});
    ASSERT_TRUE(source.ok()) << source.status();
    const std::vector<ReadFrame> read = ReadAll(**source);
    ASSERT_EQ(read.size(), packets.size());
    for (std::size_t i = 0; i < read.size(); ++i) {
      EXPECT_TRUE(std::ranges::equal(read[i].bytes, packets[i].captured()));
      EXPECT_EQ(read[i].wire_bytes, packets[i].wire_bytes);
    }
    EXPECT_TRUE((*source)->status().ok());
  }
  // Opened again, it is made anew.
  ASSERT_TRUE(OpenSink("pcap:" + file).ok());
  EXPECT_EQ(std::filesystem::file_size(file), 24u);
}

// /dev/full takes nothing: the first flush tells, and so does every status
// after it.
TEST(PcapSink, SaysWhenTheDiskIsFull) {
  auto sink = PcapSink::Create("/dev/full");
  ASSERT_TRUE(sink.ok()) << sink.status();
  EXPECT_TRUE((*sink)->status().ok());
  SendAll(**sink, Packets(1));
  (*sink)->Flush();
  EXPECT_THAT(std::string((*sink)->status().message()),
              HasSubstr("cannot write capture /dev/full: No space left"));
  EXPECT_EQ(SendAll(**sink, Packets(3)), 0u);
}

TEST(OpenSink, NamesWhatIsWrong) {
  for (const char* spec : {"", "pcap", "pcap:", "interface:", "x:y"}) {
    const auto sink = OpenSink(spec);
    EXPECT_EQ(sink.status().code(), absl::StatusCode::kInvalidArgument) << spec;
    EXPECT_THAT(std::string(sink.status().message()),
                HasSubstr("use pcap:FILE or interface:NAME"));
  }
  EXPECT_EQ(OpenSink("pcap:/none/x").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenSink("interface:lb-none0").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(OpenSinkOfSource, OnlyAnInterfaceHasAWayBack) {
  for (const char* spec : {"pcap:x", "generate:", "generate:seed=1"}) {
    const auto sink = OpenSinkOfSource(spec);
    ASSERT_TRUE(sink.ok());
    EXPECT_EQ(*sink, nullptr) << spec;
  }
  const auto sink = OpenSinkOfSource("interface:lb-none0,promiscuous");
  EXPECT_THAT(std::string(sink.status().message()),
              HasSubstr("interface lb-none0 does not exist"));
}

}  // namespace
}  // namespace lb::dataplane
