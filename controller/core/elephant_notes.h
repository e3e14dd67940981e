// Says which connection makes a bucket that no plan can split: only the host's
// agent knows. On the loop's thread.
#ifndef LB_CONTROLLER_CORE_ELEPHANT_NOTES_H_
#define LB_CONTROLLER_CORE_ELEPHANT_NOTES_H_

#include <string>

#include "common/ids.h"
#include "controller/core/agent_queries.h"
#include "controller/core/journal.h"

namespace lb::controller {

class ElephantNotes {
 public:
  // Both outlive the notes, and `queries` calls nothing back once they are
  // gone.
  ElephantNotes(AgentQueries& queries, Journal& journal)
      : queries_(queries), journal_(journal) {}

  // Asks for the heaviest connection of the bucket and notes an event with it;
  // or with why it is not known.
  void Note(const std::string& host, BucketId bucket, double bound);

 private:
  AgentQueries& queries_;
  Journal& journal_;
};

}  // namespace lb::controller

#endif  // LB_CONTROLLER_CORE_ELEPHANT_NOTES_H_
