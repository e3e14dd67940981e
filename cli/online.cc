#include "cli/online.h"

#include <utility>

namespace lb::cli {

Online::Online(CommandLine& line)
    : line_(line), connection_(std::make_shared<ConnectionOptions>()) {
  AddConnectionOptions(line.root(), *connection_);
}

void Online::Runs(Command command,
                  std::function<absl::Status(Session&)> run) const {
  auto form = std::make_shared<std::string>("table");
  command.Option("-o,--output", Word(*form, {"table", "json"}),
                 "Form of the answer");
  command.FollowSharedOptions();
  command.Runs([form, run = std::move(run), connection = connection_,
                &context = line_.context()] {
    Session session(*connection,
                    *form == "json" ? OutputForm::kJson : OutputForm::kTable,
                    context);
    return run(session);
  });
}

void AddLimit(Command command, std::uint64_t& limit) {
  command.Option("--limit", Whole(limit, "N", 0, 1'000'000'000),
                 "So many at most, the newest; 0 for all");
}

}  // namespace lb::cli
