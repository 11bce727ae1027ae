// `baton verify`: proves that a compute order from a file is sound, or lists every fault in it.
#include "schedules/verify/verify.h"

#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/order_file.h"
#include "tools/baton/commands.h"
#include "tools/baton/transport_flags.h"

namespace baton {
namespace {

struct VerifyFlags {
  std::string order;
  TransportFlags transport;
};

absl::Status RunVerify(const VerifyFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const TransportModel transport, ParseTransport(flags.transport));
  BATON_ASSIGN_OR_RETURN(const CsvOrder csv, ReadOrderFile(flags.order));
  BATON_ASSIGN_OR_RETURN(const Verdict verdict, Verify(csv, transport));
  if (verdict.is_sound) {
    std::cout << verdict.summary << "\n";
    return absl::OkStatus();
  }
  for (const std::string& violation : verdict.violations) std::cout << violation << "\n";
  if (verdict.num_more > 0) std::cout << "and " << verdict.num_more << " more\n";
  if (!verdict.timeline.empty()) std::cout << "\n" << verdict.timeline;
  std::cout << std::flush;
  const int64_t count = static_cast<int64_t>(verdict.violations.size()) + verdict.num_more;
  return absl::FailedPreconditionError(
      absl::StrCat(flags.order, " is unsound: ", count, count == 1 ? " violation" : " violations"));
}

}  // namespace

void AddVerifyCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("verify", "Prove a compute order in PyTorch's CSV form, or list its faults");
  auto flags = std::make_shared<VerifyFlags>();
  command->add_option("--order", flags->order, "The order: a row per device, cells like 2F3, 2B3, 2I3, 2W3, 2SEND_F3")
      ->required()
      ->type_name("FILE");
  AddTransportFlags(*command, flags->transport);
  command->footer(
      R"(Sends and receives in the file are checked as they are, for the transport given. If the file has none,
Baton inserts its own, which are safe in that transport. Exit status: 0 sound, 1 unsound, 2 the file cannot be read.

Examples:
  baton compile --stages=4 --micro-batches=8 --schedule=1f1b --format=csv > order.csv
  baton verify --order=order.csv
  baton verify --order=order.csv --transport=buffered:2 --queues=per-device)");
  command->callback([flags, &action] { action = [flags] { return RunVerify(*flags); }; });
}

}  // namespace baton
