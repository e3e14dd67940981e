// The controller's API on a socket, answering as a test says. What a test gives
// it is called on gRPC's threads, one call at a time, and must not wait; one
// test thread.
#ifndef LB_TESTS_CLI_FAKE_API_H_
#define LB_TESTS_CLI_FAKE_API_H_

#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"

namespace lb::cli {

// What a call is answered with: messages, one for a call that is no stream,
// then the end.
struct FakeAnswer {
  // NOLINTNEXTLINE(google-explicit-constructor): answers read better so.
  FakeAnswer(absl::Status status) : end(std::move(status)) {}
  template <class Response>
  requires std::is_base_of_v<google::protobuf::Message, Response>
  // NOLINTNEXTLINE(google-explicit-constructor): as above.
  FakeAnswer(const Response& response) {
    Then(response);
  }

  // None at all: the call stays open until its caller gives up.
  static FakeAnswer None() {
    FakeAnswer answer((absl::OkStatus()));
    answer.withheld = true;
    return answer;
  }

  template <class Response>
  FakeAnswer& Then(const Response& response) {
    messages.push_back(response.SerializeAsString());
    return *this;
  }

  std::vector<std::string> messages;
  absl::Status end;
  bool withheld = false;
};

// How the API is listened at.
struct FakeListener {
  std::string address;
  // PEM; empty: plaintext.
  std::string certificate{};
  std::string key{};
  std::string client_ca{};
  int* port = nullptr;  // where to put the port that was chosen
};

class FakeApi {
 public:
  FakeApi();
  ~FakeApi();

  // Answers the method that takes a Request. Before Serve(); what is not said
  // is UNIMPLEMENTED.
  template <class Request>
  void On(std::function<FakeAnswer(const Request& request)> answer) {
    OnMethod(*Request::descriptor(),
             [answer = std::move(answer)](const std::string& bytes) {
               Request request;
               request.ParseFromString(bytes);
               return answer(request);
             });
  }
  // As above, always the same.
  template <class Request>
  void On(const FakeAnswer& answer) {
    On<Request>([answer](const Request&) { return answer; });
  }

  // Listens and answers until destroyed; aborts if it cannot.
  void Serve(const FakeListener& listener);

 private:
  using Method = std::function<FakeAnswer(const std::string& bytes)>;
  void OnMethod(const google::protobuf::Descriptor& request, Method method);

  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lb::cli

#endif  // LB_TESTS_CLI_FAKE_API_H_
