#include "controller/rpc/call_of.h"

#include "controller/core/audit.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace lb::controller {

std::string HashOfRequest(const google::protobuf::Message& request) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    // Fails only if a required field is missing, which proto3 has not.
    static_cast<void>(request.SerializeToCodedStream(&coded));
  }
  const Sha256 hash = HashOf(bytes);
  return {hash.begin(), hash.end()};
}

}  // namespace lb::controller
