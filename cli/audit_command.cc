#include "cli/audit_command.h"

#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/formatting.h"
#include "cli/proto_json.h"
#include "cli/text_table.h"
#include "cli/time_text.h"
#include "lb/v1/audit_service.pb.h"

namespace lb::cli {
namespace {

using Align = TextTable::Align;

// "lb.v1.ProcessorService/DrainProcessor" as "DrainProcessor".
std::string ShortMethod(const std::string& method) {
  return FormatText(method.substr(method.rfind('/') + 1));
}

void PrintRecords(const v1::ListAuditRecordsResponse& records,
                  std::ostream& out) {
  TextTable table({{"SEQUENCE", Align::kRight},
                   {"TIME"},
                   {"CALLER"},
                   {"METHOD"},
                   {"RESOURCE"},
                   {"OUTCOME"},
                   {"REASON"}});
  for (const v1::AuditRecord& record : records.records()) {
    table.AddRow({absl::StrCat(record.sequence()), FormatTime(record.time()),
                  FormatText(record.caller()), ShortMethod(record.method()),
                  FormatText(record.resource()), FormatText(record.outcome()),
                  FormatText(record.error().empty() ? record.reason()
                                                    : record.error())});
  }
  table.Print(out);
}

absl::Status RunAuditList(std::uint64_t limit, Session& session) {
  LB_ASSIGN_OR_RETURN(
      const auto records,
      session.List<v1::ListAuditRecordsResponse>(
          v1::ListAuditRecordsRequest(), static_cast<std::int64_t>(limit)));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(records, JsonLayout::kIndented, session.out());
  }
  PrintRecords(records, session.out());
  return absl::OkStatus();
}

// "57:9f86d0..."
Argument Head(v1::VerifyAuditRequest& target) {
  return {.form = "SEQ:HASH",
          .initial = "",
          .read = [&target](const std::string& text) {
            const std::size_t colon = text.find(':');
            std::uint64_t sequence = 0;
            if (colon == std::string::npos || colon + 1 == text.size() ||
                !absl::SimpleAtoi(text.substr(0, colon), &sequence) ||
                sequence == 0) {
              return absl::InvalidArgumentError(absl::StrCat(
                  "\"", text,
                  "\" is no head; write SEQ:HASH, as a change printed it"));
            }
            target.set_sequence(sequence);
            target.set_hash(text.substr(colon + 1));
            return absl::OkStatus();
          }};
}

absl::Status RunVerify(const v1::VerifyAuditRequest& request,
                       Session& session) {
  LB_ASSIGN_OR_RETURN(const auto chain,
                      session.Call<v1::VerifyAuditResponse>(request));
  if (session.form() == OutputForm::kJson) {
    return PrintJson(chain, JsonLayout::kIndented, session.out());
  }
  session.out() << "The chain holds, from record " << chain.first_sequence()
                << " to " << chain.last_sequence()
                << (request.sequence() == 0 ? ".\n"
                                            : ", and has the given head.\n")
                << "Head: " << chain.last_sequence() << ':'
                << FormatText(chain.last_hash()) << '\n';
  return absl::OkStatus();
}

}  // namespace

void AddAuditCommands(const Online& online) {
  Command audits = online.root().Group("audit", "Who changed what");
  auto limit = std::make_shared<std::uint64_t>(50);
  Command list = audits.Add(
      "list",
      "List changes and refused attempts, newest first. JSON has what "
      "was there before and after.");
  AddLimit(list, *limit);
  online.Runs(list, [limit](Session& session) {
    return RunAuditList(*limit, session);
  });

  auto request = std::make_shared<v1::VerifyAuditRequest>();
  Command verify = audits.Add(
      "verify",
      "Compute the chain of records anew. Exits with 1, naming the first "
      "record that does not fit, if somebody has changed or removed one.");
  verify.Option("--head", Head(*request),
                "A head noted earlier, which must be in the chain");
  online.Runs(verify, [request](Session& session) {
    return RunVerify(*request, session);
  });
}

}  // namespace lb::cli
