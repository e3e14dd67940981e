#include "cli/session.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_replace.h"
#include "cli/api_method.h"
#include "cli/errors.h"

namespace lb::cli {
namespace {

using google::protobuf::Message;

constexpr std::int64_t kMaxPageSize = 1'000;

void SetPage(Message& request, std::int64_t size, const std::string& token) {
  const auto& type = *request.GetDescriptor();
  const auto& fields = *request.GetReflection();
  fields.SetInt32(&request, type.FindFieldByName("page_size"),
                  static_cast<std::int32_t>(size));
  fields.SetString(&request, type.FindFieldByName("page_token"), token);
}

std::int64_t ItemCount(const Message& page) {
  return page.GetReflection()->FieldSize(page, page.GetDescriptor()->field(0));
}

std::string NextToken(const Message& page) {
  return page.GetReflection()->GetString(
      page, page.GetDescriptor()->FindFieldByName("next_page_token"));
}

}  // namespace

absl::Status Session::Connect(const Message& request) {
  if (connection_) return absl::OkStatus();
  LB_ASSIGN_OR_RETURN(
      connection_,
      Connection::Open(options_, MethodOf(*request.GetDescriptor()).role));
  return absl::OkStatus();
}

absl::Status Session::Call(const Message& request, Message& response) {
  LB_RETURN_IF_ERROR(Connect(request));
  return connection_->Call(request, response);
}

absl::Status Session::ListPages(Message& request, std::int64_t limit,
                                Message& all, Message& page,
                                absl::FunctionRef<bool()> more) {
  std::string token;
  do {
    const std::int64_t left =
        limit == 0 ? kMaxPageSize : limit - ItemCount(all);
    SetPage(request, std::min(left, kMaxPageSize), token);
    page.Clear();
    LB_RETURN_IF_ERROR(Call(request, page));
    token = NextToken(page);
    all.MergeFrom(page);
  } while (!token.empty() && more() && (limit == 0 || ItemCount(all) < limit));
  // Merging does not take an empty token over.
  all.GetReflection()->SetString(
      &all, all.GetDescriptor()->FindFieldByName("next_page_token"), token);
  return absl::OkStatus();
}

absl::Status Session::WatchInto(const Message& request, Message& response,
                                absl::FunctionRef<absl::Status()> each) {
  LB_RETURN_IF_ERROR(Connect(request));
  const absl::Status ended =
      connection_->Watch(request, response, [&]() -> absl::Status {
        LB_RETURN_IF_ERROR(each());
        context_.out.flush();
        if (context_.out) return absl::OkStatus();
        return absl::DataLossError("cannot write to standard output");
      });
  // What requests call so, every command that watches takes as --after.
  return WithMessage(
      ended,
      absl::StrReplaceAll(ended.message(), {{"after_revision", "--after"}}));
}

}  // namespace lb::cli
