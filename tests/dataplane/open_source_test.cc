#include "dataplane/io/open_source.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/dataplane/capture_file.h"
#include "tests/dataplane/read_source.h"

namespace lb::dataplane {
namespace {

using testing::HasSubstr;

Bytes OneFrame() {
  return PcapHeader() + PcapRecord(0, Ether(0x0800) + Ip4{}(Udp(5'000, 80)));
}

struct Refusal {
  std::string spec;
  std::string says;
};

TEST(OpenSource, NamesWhatItCannotRead) {
  const TemporaryFile file(OneFrame());
  const std::string pcap = "pcap:" + file.path();
  const std::vector<Refusal> cases = {
      {"", "\"\" is no kind of source"},
      {"tap", "\"tap\" is no kind of source"},
      {"Pcap:x", "\"Pcap\" is no kind of source"},
      {"pcap", "use pcap:FILE"},
      {"pcap:", "use pcap:FILE"},
      {"pcap:,loop", "use pcap:FILE"},
      {pcap + ",", "argument \"\" is unknown"},
      {pcap + ",fast", "argument \"fast\" is unknown"},
      {pcap + ",loop=0", "\"loop=0\" is wrong; use loop=ROUNDS, at least 1"},
      {pcap + ",loop=-1", "\"loop=-1\" is wrong"},
      {pcap + ",loop=x", "\"loop=x\" is wrong"},
      {pcap + ",speed", "\"speed\" is wrong; use speed=X"},
      {pcap + ",speed=", "\"speed=\" is wrong"},
      {pcap + ",speed=0", "\"speed=0\" is wrong"},
      {pcap + ",speed=-2", "\"speed=-2\" is wrong"},
      {pcap + ",speed=nan", "\"speed=nan\" is wrong"},
      {pcap + ",speed=inf", "\"speed=inf\" is wrong"},
      {pcap + ",speed=2x", "\"speed=2x\" is wrong"},
      {pcap + ",shift=1", "\"shift=1\" is wrong"},
      {"generate:flows=3",
       "argument \"flows\" is unknown; use arrivals, bytes"},
      {"generate:seed", "\"seed\" is wrong; use seed=N"},
      {"generate:seed=-1", "\"seed=-1\" is wrong"},
      {"generate:connections=1e3", "\"connections=1e3\" is wrong"},
      {"generate:connections=4294967297", "is wrong"},
      {"generate:zipf=steep", "\"zipf=steep\" is wrong; use zipf=X"},
      {"generate:seed=1,,rate=2", "argument \"\" is unknown"},
      {"generate:pareto=0.5", "pareto is 0.5"},
      {"interface", "use interface:NAME"},
      {"interface:", "use interface:NAME"},
      {"interface:lo,fast", "argument \"fast\" is unknown"},
      {"interface:lo,promiscuous=1", "argument \"promiscuous\" is unknown"},
  };
  for (const Refusal& c : cases) {
    const auto source = OpenSource(c.spec);
    EXPECT_EQ(source.status().code(), absl::StatusCode::kInvalidArgument)
        << c.spec << ": " << source.status();
    const std::string message(source.status().message());
    EXPECT_THAT(message, HasSubstr(c.says)) << c.spec;
    EXPECT_THAT(message, HasSubstr("source " + c.spec)) << c.spec;
    EXPECT_EQ(message.find('\n'), std::string::npos) << c.spec;
  }
}

TEST(OpenSource, ReplaysACapture) {
  const TemporaryFile file(OneFrame());
  for (const auto& [arguments, frames] :
       std::vector<std::pair<std::string, std::size_t>>{
           {"", 1}, {",loop=3", 3}, {",loop=2,shift", 2}, {",shift", 1}}) {
    const auto source = OpenSource("pcap:" + file.path() + arguments);
    ASSERT_TRUE(source.ok()) << source.status();
    EXPECT_EQ(ReadAll(**source, 100).size(), frames) << arguments;
    EXPECT_TRUE((*source)->exhausted()) << arguments;
    EXPECT_FALSE((*source)->live());
  }
  for (const std::string arguments : {",loop", ",loop="}) {
    const auto source = OpenSource("pcap:" + file.path() + arguments);
    ASSERT_TRUE(source.ok()) << source.status();
    EXPECT_EQ(ReadAll(**source, 100).size(), 100u) << arguments;
    EXPECT_FALSE((*source)->exhausted()) << arguments;
  }
  // Slowed down so far that a test never sees the second frame.
  const TemporaryFile two(OneFrame() +
                          PcapRecord(10'000, Ether(0x0806) + Bytes(28, 0)));
  const auto paced = OpenSource("pcap:" + two.path() + ",speed=1e-6");
  ASSERT_TRUE(paced.ok()) << paced.status();
  EXPECT_EQ(ReadAll(**paced, 100).size(), 1u);
}

TEST(OpenSource, TellsAMissingFileFromAForeignOne) {
  const TemporaryFile foreign(Bytes(100, 'x'));
  EXPECT_EQ(OpenSource("pcap:" + foreign.path()).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(OpenSource("pcap:/nonexistent/file").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(OpenSource, GeneratesTraffic) {
  const auto plain = OpenSource("generate:");
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ(ReadAll(**plain, 50).size(), 50u);
  const auto source = OpenSource(
      "generate:seed=3,connections=10,zipf=1.2,pareto=1.3,arrivals=100,"
      "elephants=2,share=0.3,rate=0,packets=40,bytes=200");
  ASSERT_TRUE(source.ok()) << source.status();
  const std::vector<ReadFrame> frames = ReadAll(**source);
  ASSERT_EQ(frames.size(), 40u);
  EXPECT_EQ(frames[0].bytes.size(), 200u);
}

TEST(OpenSource, KnowsNoSuchInterface) {
  const auto source = OpenSource("interface:lb-none0");
  EXPECT_EQ(source.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(source.status().message()),
              HasSubstr("interface lb-none0 does not exist"));
}

TEST(SourceHelp, ShowsEveryKind) {
  for (const char* kind : {"pcap:FILE", "generate:", "interface:NAME"}) {
    EXPECT_THAT(std::string(SourceHelp()), HasSubstr(kind));
  }
}

}  // namespace
}  // namespace lb::dataplane
