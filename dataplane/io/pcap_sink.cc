#include "dataplane/io/pcap_sink.h"

#include <pcap/pcap.h>

#include <cerrno>
#include <cstdio>
#include <ctime>

#include "absl/strings/str_cat.h"
#include "common/status.h"

namespace lb::dataplane {

absl::StatusOr<std::unique_ptr<PcapSink>> PcapSink::Create(
    const std::string& path) {
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return ErrnoStatus(errno, absl::StrCat("cannot write capture ", path));
  }
  pcap_t* const format = pcap_open_dead_with_tstamp_precision(
      DLT_EN10MB, kFrameBytes, PCAP_TSTAMP_PRECISION_NANO);
  // Takes the file over, unless it fails; it only writes the file's header.
  pcap_dumper_t* const dumper =
      format == nullptr ? nullptr : pcap_dump_fopen(format, file);
  if (format != nullptr) pcap_close(format);
  if (dumper == nullptr) {
    std::fclose(file);
    return absl::DataLossError(
        absl::StrCat("cannot write the header of capture ", path,
                     "; is there room on the disk?"));
  }
  return std::unique_ptr<PcapSink>(new PcapSink(path, dumper));
}

PcapSink::~PcapSink() { pcap_dump_close(dumper_); }

std::size_t PcapSink::Send(std::span<const Packet* const> packets) {
  if (!status_.ok()) return 0;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  pcap_pkthdr header{};
  header.ts = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec};
  for (const Packet* packet : packets) {
    header.caplen = packet->captured_bytes;
    header.len = packet->wire_bytes;
    pcap_dump(reinterpret_cast<u_char*>(dumper_), &header,
              reinterpret_cast<const u_char*>(packet->frame.data()));
  }
  return packets.size();
}

void PcapSink::Flush() {
  if (!status_.ok()) return;
  errno = 0;
  if (pcap_dump_flush(dumper_) != 0 ||
      std::ferror(pcap_dump_file(dumper_)) != 0) {
    status_ = ErrnoStatus(errno == 0 ? EIO : errno,
                          absl::StrCat("cannot write capture ", path_));
  }
}

}  // namespace lb::dataplane
