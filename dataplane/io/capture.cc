#include "dataplane/io/capture.h"

#include <pcap/pcap.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "dataplane/core/packet.h"

namespace lb::dataplane {
namespace {

struct ClosePcap {
  void operator()(pcap_t* pcap) const { pcap_close(pcap); }
};
using Pcap = std::unique_ptr<pcap_t, ClosePcap>;

absl::StatusOr<Pcap> OpenPcap(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "rb");
  if (file == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("cannot open capture ", path));
  }
  std::array<char, PCAP_ERRBUF_SIZE> error{};
  // Takes the file over, unless it fails.
  Pcap pcap(pcap_fopen_offline_with_tstamp_precision(
      file, PCAP_TSTAMP_PRECISION_NANO, error.data()));
  if (pcap == nullptr) {
    std::fclose(file);
    return absl::DataLossError(absl::StrCat(
        "capture ", path, " is no pcap or pcapng file: ", error.data()));
  }
  return pcap;
}

absl::Status CheckLinkType(const std::string& path, pcap_t* pcap) {
  const int type = pcap_datalink(pcap);
  if (type == DLT_EN10MB) return absl::OkStatus();
  const char* name = pcap_datalink_val_to_name(type);
  return absl::DataLossError(absl::StrCat(
      "capture ", path, " has link type ",
      name != nullptr ? name : absl::StrCat(type).c_str(),
      ", not Ethernet (EN10MB); record on an Ethernet interface instead"));
}

std::chrono::nanoseconds TimeOf(const pcap_pkthdr& header) {
  // With nanosecond precision tv_usec holds nanoseconds.
  return std::chrono::seconds(header.ts.tv_sec) +
         std::chrono::nanoseconds(header.ts.tv_usec);
}

}  // namespace

absl::StatusOr<Capture> Capture::Load(const std::string& path) {
  LB_ASSIGN_OR_RETURN(const Pcap pcap, OpenPcap(path));
  LB_RETURN_IF_ERROR(CheckLinkType(path, pcap.get()));
  Capture capture;
  pcap_pkthdr* header = nullptr;
  const u_char* data = nullptr;
  std::chrono::nanoseconds first{0};
  int result = 0;
  while ((result = pcap_next_ex(pcap.get(), &header, &data)) == 1) {
    if (capture.frames_.empty()) first = TimeOf(*header);
    const auto bytes = std::as_bytes(
        std::span(data, std::min<std::size_t>(header->caplen, kFrameBytes)));
    Frame frame{.offset = capture.bytes_.size(),
                .captured_bytes = static_cast<std::uint32_t>(bytes.size()),
                .wire_bytes = std::max(header->len, header->caplen),
                .time = TimeOf(*header) - first};
    if (!capture.frames_.empty()) {
      frame.time = std::max(frame.time, capture.frames_.back().time);
    }
    capture.bytes_.insert(capture.bytes_.end(), bytes.begin(), bytes.end());
    capture.frames_.push_back(frame);
  }
  if (result != PCAP_ERROR_BREAK) {
    capture.damage_ = absl::DataLossError(absl::StrCat(
        "capture ", path, " is damaged after packet ", capture.frames_.size(),
        ": ", pcap_geterr(pcap.get()), "; record or copy it again"));
  }
  return capture;
}

std::chrono::nanoseconds Capture::round_time() const {
  if (frames_.size() < 2) return std::chrono::nanoseconds(0);
  const auto duration = frames_.back().time;
  return duration + duration / static_cast<std::int64_t>(frames_.size() - 1);
}

}  // namespace lb::dataplane
