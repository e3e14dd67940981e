#include "agent/key_file.h"

#include <cstddef>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "agent/durable_file.h"
#include "agent/random_bytes.h"
#include "common/status.h"

namespace lb::agent {
namespace {

constexpr std::size_t kKeyFileLimitBytes = 4'096;

std::size_t KeyBytes(HashKind kind) {
  return kind == HashKind::kSipHash ? 16 : 40;
}

HashKey FromBytes(std::string_view bytes, bool created) {
  return {std::vector<std::uint8_t>(bytes.begin(), bytes.end()), created};
}

absl::StatusOr<HashKey> CreateKey(const std::string& path, HashKind kind) {
  if (kind != HashKind::kSipHash) {
    return absl::NotFoundError(absl::StrCat(
        "key file ", path, ": no such file; a Toeplitz key is that of the NIC:",
        " write \"toeplitz HEX\" with its 40 bytes, or leave --key-file out ",
        "for the symmetric key"));
  }
  LB_ASSIGN_OR_RETURN(const std::string bytes, RandomBytes(KeyBytes(kind)));
  LB_RETURN_IF_ERROR(WriteFileDurably(
      path, absl::StrCat(ToAbsl(HashKindName(kind)), " ",
                         absl::BytesToHexString(bytes), "\n")));
  return FromBytes(bytes, true);
}

bool IsHex(absl::string_view text) {
  for (char c : text) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<HashKey> LoadOrCreateKey(const std::string& path,
                                        HashKind kind) {
  absl::StatusOr<std::string> content =
      ReadPrivateFile(path, kKeyFileLimitBytes);
  if (absl::IsNotFound(content.status())) return CreateKey(path, kind);
  LB_RETURN_IF_ERROR(content.status());
  absl::string_view text = absl::StripAsciiWhitespace(*content);
  const std::string prefix = std::string(HashKindName(kind)) + " ";
  if (text.substr(0, prefix.size()) != prefix) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " does not begin with \"", prefix,
                     "\"; use the --hash it was made for, or move it away"));
  }
  text.remove_prefix(prefix.size());
  if (text.size() != 2 * KeyBytes(kind) || !IsHex(text)) {
    return absl::InvalidArgumentError(
        absl::StrCat("key file ", path, " needs ", 2 * KeyBytes(kind),
                     " hex digits after \"", prefix,
                     "\"; restore it, or move it away for a new key"));
  }
  return FromBytes(absl::HexStringToBytes(text), false);
}

}  // namespace lb::agent
