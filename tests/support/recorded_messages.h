// Messages of revision 1 as they were recorded, and what of a message is set,
// to hold what is said against them. See tests/data/README.md.
#ifndef LB_TESTS_SUPPORT_RECORDED_MESSAGES_H_
#define LB_TESTS_SUPPORT_RECORDED_MESSAGES_H_

#include <fstream>
#include <ios>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"

namespace lb {

// A `Message` of tests/data/protocol/revision-1.
template <class Message>
Message RecordedBytes(const std::string& name) {
  std::ifstream file(
      LB_SOURCE_DIR "/tests/data/protocol/revision-1/" + name + ".bin",
      std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  Message message;
  EXPECT_FALSE(bytes.empty()) << name;
  EXPECT_TRUE(message.ParseFromString(bytes)) << name;
  return message;
}

// Names of the fields, with the messages they are in: "welcome.policy.mode".
// Not those of messages that are repeated.
inline std::set<std::string> FieldsOf(const google::protobuf::Message& message,
                                      const std::string& prefix = "") {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  std::set<std::string> names;
  for (const google::protobuf::FieldDescriptor* field : fields) {
    names.insert(prefix + field->name());
    if (field->is_repeated() || field->message_type() == nullptr) continue;
    names.merge(FieldsOf(reflection.GetMessage(message, field),
                         prefix + field->name() + "."));
  }
  return names;
}

}  // namespace lb

#endif  // LB_TESTS_SUPPORT_RECORDED_MESSAGES_H_
