#include "agent/tls_files.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/log.h"
#include "common/status.h"

namespace lb::agent {
namespace {

constexpr std::size_t kLimitBytes = 1'000'000;

template <auto kFree>
struct FreeBy {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, FreeBy<GENERAL_NAMES_free>>;

absl::Status Wrong(const std::string& path, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", ToAbsl(what)));
}

absl::StatusOr<std::string> ReadWhole(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) return ErrnoStatus(errno, path);
  if (text.size() > kLimitBytes) return Wrong(path, "is no PEM file, too long");
  return text;
}

Bio Reader(const std::string& text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// The first of the text; null if there is none.
Certificate ReadCertificate(const std::string& text) {
  const Bio bio = Reader(text);
  return Certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

PrivateKey ReadKey(const std::string& text) {
  const Bio bio = Reader(text);
  // A passphrase is not asked for on a terminal: there is none.
  const auto no_passphrase = [](char*, int, int, void*) { return 0; };
  return PrivateKey(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
}

std::vector<std::string> UriNames(const X509* certificate) {
  std::vector<std::string> uris;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    const unsigned char* bytes = ASN1_STRING_get0_data(uri);
    uris.emplace_back(bytes, bytes + ASN1_STRING_length(uri));
  }
  return uris;
}

absl::Status CheckValidity(const std::string& path, const X509* certificate,
                           WallTime now) {
  std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  if (X509_cmp_time(X509_get0_notBefore(certificate), &seconds) > 0) {
    return Wrong(path, "the certificate is not valid yet");
  }
  if (X509_cmp_time(X509_get0_notAfter(certificate), &seconds) < 0) {
    return Wrong(path, "the certificate has expired; renew it");
  }
  return absl::OkStatus();
}

absl::Status CheckName(const std::string& path, const X509* certificate,
                       const SpiffeId& self) {
  const absl::StatusOr<SpiffeId> id =
      PeerSpiffeId(UriNames(certificate), self.trust_domain);
  if (!id.ok()) return Wrong(path, ToStd(id.status().message()));
  if (*id == self) return absl::OkStatus();
  return Wrong(path, absl::StrCat("the certificate is of ", FormatSpiffeId(*id),
                                  ", this is ", FormatSpiffeId(self)));
}

}  // namespace

absl::StatusOr<TlsMaterial> ReadTlsFiles(const TlsPaths& paths,
                                         const SpiffeId& self, WallTime now) {
  TlsMaterial material;
  LB_ASSIGN_OR_RETURN(material.certificates, ReadWhole(paths.certificate));
  LB_ASSIGN_OR_RETURN(material.key, ReadWhole(paths.key));
  LB_ASSIGN_OR_RETURN(material.authorities, ReadWhole(paths.authorities));
  const Certificate certificate = ReadCertificate(material.certificates);
  if (certificate == nullptr) {
    return Wrong(paths.certificate, "holds no certificate in PEM");
  }
  const PrivateKey key = ReadKey(material.key);
  if (key == nullptr) {
    return Wrong(paths.key, "holds no private key in PEM without passphrase");
  }
  if (ReadCertificate(material.authorities) == nullptr) {
    return Wrong(paths.authorities, "holds no certificate in PEM");
  }
  LB_RETURN_IF_ERROR(CheckName(paths.certificate, certificate.get(), self));
  LB_RETURN_IF_ERROR(CheckValidity(paths.certificate, certificate.get(), now));
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Wrong(paths.key,
                 absl::StrCat("is not the key of the certificate in ",
                              paths.certificate));
  }
  return material;
}

absl::StatusOr<TlsFiles> TlsFiles::Open(TlsPaths paths, SpiffeId self,
                                        const Clock& clock) {
  LB_ASSIGN_OR_RETURN(TlsMaterial material,
                      ReadTlsFiles(paths, self, clock.Wall()));
  return TlsFiles(std::move(paths), std::move(self), clock,
                  std::move(material));
}

const TlsMaterial& TlsFiles::Latest() {
  absl::StatusOr<TlsMaterial> now = ReadTlsFiles(paths_, self_, clock_.Wall());
  if (now.ok()) {
    material_ = *std::move(now);
  } else {
    spdlog::warn("TLS files not taken, going on with those before: {}",
                 OneLine(now.status()));
  }
  return material_;
}

}  // namespace lb::agent
