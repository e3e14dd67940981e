// The audit's chain in control.db. Used on the connection's thread, within its
// transactions.
#ifndef LB_CONTROLLER_STORE_AUDIT_ROWS_H_
#define LB_CONTROLLER_STORE_AUDIT_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/core/audit.h"
#include "controller/store/sqlite.h"

namespace lb::controller {

absl::StatusOr<AuditHead> ReadAuditHead(Connection& db);

// Continues the chain that ends in `head`, which is then the new record's.
// The record's revision is set; its sequence and hash are ignored.
absl::Status InsertAudit(Connection& db, AuditRecord record, AuditHead& head);

// As Store::ListAudit() and Store::ListAuditAfter().
absl::StatusOr<std::vector<AuditRecord>> ReadAuditBefore(Connection& db,
                                                         std::uint64_t before,
                                                         std::uint32_t limit);
absl::StatusOr<std::vector<AuditRecord>> ReadAuditAfter(Connection& db,
                                                        std::uint64_t after,
                                                        std::uint32_t limit);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_STORE_AUDIT_ROWS_H_
