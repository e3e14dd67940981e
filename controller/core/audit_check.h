// Computes the whole chain of the audit anew. On the loop's thread, the
// callback too; reads in pages, so the thread is free between them.
#ifndef LB_CONTROLLER_CORE_AUDIT_CHECK_H_
#define LB_CONTROLLER_CORE_AUDIT_CHECK_H_

#include <cstdint>
#include <optional>

#include "controller/core/audit.h"
#include "controller/core/store.h"

namespace lb::controller {

struct VerifiedAudit {
  std::uint64_t first_sequence = 0;  // 0: there are no records
  AuditHead head;
};

inline constexpr std::uint32_t kAuditCheckPage = 256;

// `outside` is a head noted earlier, which must be in the chain. DATA_LOSS
// names the first record that does not fit, or says that the head is not there.
// `store` outlives the check.
void CheckAudit(Store& store, std::optional<AuditHead> outside,
                Store::Callback<VerifiedAudit> callback);

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_AUDIT_CHECK_H_
