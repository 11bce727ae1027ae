// `baton verify`: proves that a compute order from a file is sound, or lists every fault in it.
#include "schedules/verify/verify.h"

#include <iostream>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/read_file.h"
#include "base/status.h"
#include "runtime/job/order_file.h"
#include "schedules/analyze/report_proto.h"
#include "tools/baton/command_line.h"
#include "tools/baton/commands.h"
#include "tools/baton/transport_flags.h"

namespace baton {
namespace {

struct VerifyFlags {
  std::string order;
  std::string letters = "new";
  TransportFlags transport;
  std::string format = "text";
};

std::string JsonOf(const Verdict& verdict, int64_t count) {
  proto::VerifyReport report;
  report.set_is_sound(verdict.is_sound);
  if (verdict.is_sound) report.set_summary(verdict.summary);
  for (const std::string& violation : verdict.violations) report.add_violations(violation);
  report.set_num_violations(static_cast<double>(count));
  return ToJson(report);
}

// Whether some micro-batch has a whole backward and a backward-weight of one chunk, and none has a backward-input.
bool MayHaveOldLetters(const ComputeOrder& order) {
  std::set<std::pair<int32_t, int32_t>> whole;
  bool has_both = false;
  for (const auto& actions : order.devices) {
    for (const Action& action : actions) {
      const std::pair<int32_t, int32_t> of = {action.chunk, action.micro_batch};
      if (action.kind == ActionKind::kBackwardInput) return false;
      if (action.kind == ActionKind::kBackward) whole.insert(of);
      has_both = has_both || (action.kind == ActionKind::kBackwardWeight && whole.count(of) > 0);
    }
  }
  return has_both;
}

void PrintViolations(const Verdict& verdict) {
  for (const std::string& violation : verdict.violations) std::cout << violation << "\n";
  if (verdict.num_more > 0) std::cout << "and " << verdict.num_more << " more\n";
  if (!verdict.timeline.empty()) std::cout << "\n" << verdict.timeline;
  std::cout << std::flush;
}

absl::Status RunVerify(const VerifyFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const TransportModel transport, ParseTransport(flags.transport));
  BATON_ASSIGN_OR_RETURN(
      const CsvOrder csv,
      ReadOrderFile(flags.order, flags.letters == "old" ? OrderLetters::kOld : OrderLetters::kCurrent));
  BATON_ASSIGN_OR_RETURN(const Verdict verdict, Verify(csv, transport));
  const int64_t count = static_cast<int64_t>(verdict.violations.size()) + verdict.num_more;
  if (flags.format == "json") {
    std::cout << JsonOf(verdict, count) << std::flush;
  } else if (verdict.is_sound) {
    std::cout << verdict.summary << "\n";
  } else {
    PrintViolations(verdict);
    if (flags.letters != "old" && MayHaveOldLetters(csv.order)) {
      std::cout
          << "note: micro-batches have a B and a W of one stage, as in files of PyTorch up to 2.5, where B is the "
             "input half; --letters=old reads them so\n";
    }
  }
  if (verdict.is_sound) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(NameOfFile(flags.order), " is unsound: ", FormatPlural(count, "violation")));
}

}  // namespace

void AddVerifyCommand(CLI::App& app, CommandAction& action) {
  CLI::App* command = app.add_subcommand("verify", "Prove a compute order in PyTorch's CSV form, or list its faults");
  auto flags = std::make_shared<VerifyFlags>();
  command
      ->add_option("FILE,--order", flags->order, "The order: a row per device, cells like 2F3, 2B3, 2I3, 2W3, 2SEND_F3")
      ->required()
      ->type_name("FILE");
  command
      ->add_option("--letters", flags->letters,
                   "old: B is the input half and BW the whole backward, as in PyTorch up to 2.5 (new)")
      ->check(CLI::IsMember({"new", "old"}));
  AddTransportFlags(*command, flags->transport);
  AddFormatFlag(*command, flags->format);
  command->footer(
      R"(Sends and receives in the file are checked as they are, for the transport given. If the file has none,
Baton inserts its own, which are safe in that transport. Exit status: 0 sound, 1 unsound, 2 the file cannot be read.

Examples:
  baton compile --stages=4 --micro-batches=8 --schedule=1f1b --format=csv > order.csv
  baton verify order.csv
  baton compile --stages=4 --micro-batches=8 --schedule=zb-v --format=csv | baton verify -
  baton verify pipeline_order.txt --letters=old
  baton verify order.csv --transport=buffered:2 --queues=per-device)");
  command->callback([flags, &action] { action = [flags] { return RunVerify(*flags); }; });
}

}  // namespace baton
