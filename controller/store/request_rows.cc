#include "controller/store/request_rows.h"

#include "absl/strings/str_cat.h"
#include "common/status.h"
#include "controller/store/row_codec.h"

namespace lb::controller {
namespace {

// More than come with one change, so that old ones do not pile up.
constexpr std::uint32_t kMostForgotten = 16;

absl::Status ForgetOld(Connection& db, const RequestRecord& request) {
  const std::int64_t oldest_kept = ToNs(request.time - kRequestsKept);
  LB_ASSIGN_OR_RETURN(Statement same,
                      db.Prepare("DELETE FROM requests WHERE caller = ? "
                                 "AND request_id = ? AND time_ns < ?"));
  LB_RETURN_IF_ERROR(same.Bind(request.caller)
                         .Bind(request.request_id)
                         .Bind(oldest_kept)
                         .Run());
  LB_ASSIGN_OR_RETURN(
      Statement others,
      db.Prepare("DELETE FROM requests WHERE (caller, request_id) IN "
                 "(SELECT caller, request_id FROM requests WHERE time_ns < ? "
                 "ORDER BY time_ns LIMIT ?)"));
  return others.Bind(oldest_kept).Bind(kMostForgotten).Run();
}

}  // namespace

absl::Status RequireNewRequest(Connection& db, const RequestRecord& request) {
  LB_RETURN_IF_ERROR(ForgetOld(db, request));
  LB_ASSIGN_OR_RETURN(Statement select,
                      db.Prepare("SELECT 1 FROM requests "
                                 "WHERE caller = ? AND request_id = ?"));
  select.Bind(request.caller).Bind(request.request_id);
  LB_ASSIGN_OR_RETURN(const bool known, select.Step());
  return known ? absl::AlreadyExistsError(
                     absl::StrCat(request.caller, " used the request id ",
                                  request.request_id, " before"))
               : absl::OkStatus();
}

absl::Status InsertRequest(Connection& db, const RequestRecord& request) {
  LB_ASSIGN_OR_RETURN(
      Statement insert,
      db.Prepare("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"));
  return insert.Bind(request.caller)
      .Bind(request.request_id)
      .Bind(ToNs(request.time))
      .Bind(request.method)
      .BindBlob(request.request_hash)
      .Bind(request.subject)
      .Bind(request.revision)
      .Bind(request.head.sequence)
      .Bind(ToHex(request.head.hash))
      .Run();
}

absl::StatusOr<RequestRecord> ReadRequest(Connection& db,
                                          const std::string& caller,
                                          const std::string& request_id) {
  LB_ASSIGN_OR_RETURN(
      Statement select,
      db.Prepare("SELECT time_ns, method, request_hash, subject, revision, "
                 "head_sequence, head_hash FROM requests "
                 "WHERE caller = ? AND request_id = ?"));
  LB_ASSIGN_OR_RETURN(const bool found,
                      select.Bind(caller).Bind(request_id).Step());
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat(caller, " made no request ", request_id));
  }
  RequestRecord request;
  request.caller = caller;
  request.request_id = request_id;
  request.time = FromNs(select.Int());
  request.method = select.Text();
  request.request_hash = select.Blob();
  request.subject = select.Text();
  request.revision = select.Unsigned();
  request.head.sequence = select.Unsigned();
  LB_ASSIGN_OR_RETURN(request.head.hash, ParseSha256(select.Text()));
  return request;
}

}  // namespace lb::controller
