#include "controller/rpc/convert_change.h"

#include "controller/core/audit.h"

namespace lb::controller {

void FillReceipt(const Receipt& receipt, v1::Receipt& message) {
  message.set_revision(receipt.revision);
  message.set_audit_sequence(receipt.head.sequence);
  // Nothing is in the chain of what was only validated.
  if (receipt.head.sequence != 0) {
    message.set_audit_hash(ToHex(receipt.head.hash));
  }
  message.set_repeated(receipt.repeated);
}

}  // namespace lb::controller
