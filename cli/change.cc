#include "cli/change.h"

#include <google/protobuf/descriptor.h>

#include <random>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/errors.h"
#include "cli/formatting.h"
#include "cli/proto_json.h"

namespace lb::cli {
namespace {

using google::protobuf::Message;

constexpr std::size_t kMaxReason = 500;
constexpr std::size_t kMaxRequestId = 64;

absl::Status CheckReason(const std::string& text) {
  if (text.size() <= kMaxReason) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "reason has ", text.size(), " bytes; use at most ", kMaxReason));
}

absl::Status CheckRequestId(const std::string& text) {
  if (!text.empty() && text.size() <= kMaxRequestId) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "request id has ", text.size(), " bytes; use 1 to ", kMaxRequestId));
}

std::string MadeUpRequestId() {
  std::random_device random;
  return absl::StrFormat("lbctl-%08x%08x%08x", random(), random(), random());
}

// The fields that every request that changes something has; see receipt.proto.
void Complete(Message& request, const ChangeOptions& options,
              const std::string& request_id) {
  const auto& type = *request.GetDescriptor();
  const auto& fields = *request.GetReflection();
  fields.SetString(&request, type.FindFieldByName("reason"), options.reason);
  fields.SetBool(&request, type.FindFieldByName("validate_only"),
                 options.dry_run);
  fields.SetString(&request, type.FindFieldByName("request_id"), request_id);
}

const v1::Receipt& ReceiptOf(const Message& response) {
  const auto* field = response.GetDescriptor()->FindFieldByName("receipt");
  return static_cast<const v1::Receipt&>(
      response.GetReflection()->GetMessage(response, field));
}

absl::Status AskFirst(const Session& session, const ChangeOptions& options,
                      const Deed& deed) {
  if (deed.confirm == Confirm::kNo || options.yes || options.dry_run) {
    return absl::OkStatus();
  }
  const CommandContext& context = session.context();
  if (!context.interactive) {
    return UsageError(absl::StrCat("to ", deed.action,
                                   " must be confirmed, and there is no "
                                   "terminal to ask at; add --yes"));
  }
  context.err << "About to " << FormatText(deed.action) << ". Go on? [y/N] "
              << std::flush;
  std::string answer;
  std::getline(context.in, answer);
  answer = absl::AsciiStrToLower(answer);
  if (answer == "y" || answer == "yes") return absl::OkStatus();
  return absl::CancelledError("not confirmed; nothing was changed");
}

// After no answer came, nobody knows whether it was done.
absl::Status WithWayBack(const absl::Status& error,
                         const std::string& request_id, bool dry_run) {
  const bool unknown = error.code() == absl::StatusCode::kUnavailable ||
                       error.code() == absl::StatusCode::kDeadlineExceeded;
  if (!unknown || dry_run) return error;
  return WithMessage(
      error, absl::StrCat(error.message(),
                          "; if it was done is not known: asking again with "
                          "--request-id ",
                          request_id, " does it once"));
}

void PrintDone(const Session& session, const ChangeOptions& options,
               const Deed& deed, const v1::Receipt& receipt,
               const Fields& details) {
  const std::string action = FormatText(deed.action);
  if (options.dry_run) {
    session.out() << "Dry run, nothing was changed. It is possible to "
                  << action << ".\n";
  } else {
    session.out() << (receipt.repeated() ? "Done before, by the same request: "
                                         : "Done: ")
                  << action << '\n';
  }
  Fields fields = details;
  if (!options.dry_run) {
    fields.emplace_back("Revision", absl::StrCat(receipt.revision()));
    fields.emplace_back("Audit head",
                        absl::StrCat(receipt.audit_sequence(), ":",
                                     FormatText(receipt.audit_hash())));
  }
  PrintFields(session.out(), fields);
}

}  // namespace

void AddChangeOptions(Command command, ChangeOptions& options,
                      Confirm confirm) {
  command.Option("--reason", Text(options.reason, "TEXT", CheckReason),
                 "Why, for the audit");
  command.Flag("--dry-run", options.dry_run,
               "Check everything and change nothing");
  command.Option("--request-id", Text(options.request_id, "ID", CheckRequestId),
                 "Name of this request: under the same one it is done once "
                 "within 24 hours. Without it: one is made up");
  if (confirm == Confirm::kAsk) {
    command.Flag("--yes", options.yes,
                 "Do not ask for confirmation; needed without a terminal");
  }
}

absl::Status MakeChange(Session& session, const ChangeOptions& options,
                        const Deed& deed, Message& request, Message& response,
                        absl::FunctionRef<Fields()> details) {
  LB_RETURN_IF_ERROR(AskFirst(session, options, deed));
  const std::string request_id =
      options.request_id.empty() ? MadeUpRequestId() : options.request_id;
  Complete(request, options, request_id);
  LB_RETURN_IF_ERROR(session.Connect(request));
  if (const absl::Status error = session.Call(request, response); !error.ok()) {
    return WithWayBack(error, request_id, options.dry_run);
  }
  if (session.form() == OutputForm::kJson) {
    return PrintJson(response, JsonLayout::kIndented, session.out());
  }
  PrintDone(session, options, deed, ReceiptOf(response), details());
  return absl::OkStatus();
}

}  // namespace lb::cli
