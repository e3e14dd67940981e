// What of a message is set, to hold what is said against what was recorded.
#ifndef LB_TESTS_SUPPORT_MESSAGE_FIELDS_H_
#define LB_TESTS_SUPPORT_MESSAGE_FIELDS_H_

#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace lb {

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

#endif  // LB_TESTS_SUPPORT_MESSAGE_FIELDS_H_
