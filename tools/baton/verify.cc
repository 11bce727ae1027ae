// `baton verify`: whether a compute order from a file is sound, and if not, everything that is wrong with it.
#include "schedules/verify/verify.h"

#include <iostream>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "runtime/train/job/order_file.h"
#include "tools/baton/commands.h"

namespace baton {
namespace {

constexpr int kMostBuffers = 1 << 20;

struct VerifyFlags {
  std::string order;
  std::string transport = "rendezvous";
  std::string queues = "per-peer-and-direction";
};

absl::StatusOr<TransportModel> ParseTransport(const VerifyFlags& flags) {
  TransportModel model;
  absl::string_view slots = flags.transport;
  if (absl::ConsumePrefix(&slots, "buffered:")) {
    if (!absl::SimpleAtoi(slots, &model.buffered_slots) || model.buffered_slots < 1 ||
        model.buffered_slots > kMostBuffers) {
      return absl::InvalidArgumentError(absl::StrCat("--transport: \"", flags.transport, "\"; buffers must be 1 to ",
                                                     kMostBuffers, ", as in buffered:2"));
    }
  } else if (flags.transport != "rendezvous") {
    return absl::InvalidArgumentError(
        absl::StrCat("--transport: \"", flags.transport, "\" is neither rendezvous nor buffered:K"));
  }
  if (flags.queues == "per-device") model.queues = QueueKind::kPerDevice;
  if (flags.queues == "per-peer") model.queues = QueueKind::kPerPeer;
  return model;
}

absl::Status RunVerify(const VerifyFlags& flags) {
  BATON_ASSIGN_OR_RETURN(const TransportModel transport, ParseTransport(flags));
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
  CLI::App* command = app.add_subcommand("verify", "Prove a compute order in PyTorch's CSV form, or say what is wrong");
  auto flags = std::make_shared<VerifyFlags>();
  command->add_option("--order", flags->order, "The order: a row a device, cells like 2F3, 2B3, 2I3, 2W3, 2SEND_F3")
      ->required()
      ->type_name("FILE");
  command->add_option("--transport", flags->transport,
                      "rendezvous: a send and its receive meet; buffered:K: K sends a peer may be ahead (rendezvous)");
  command
      ->add_option("--queues", flags->queues,
                   "Which transfers keep their order: per-device, per-peer or per-peer-and-direction (the default)")
      ->check(CLI::IsMember({"per-device", "per-peer", "per-peer-and-direction"}));
  command->footer(
      R"(Sends and receives in the file are checked as they stand, in the transport given; without any, Baton
places its own, which are safe in it. Exit status: 0 sound, 1 unsound, 2 the file cannot be read.

Examples:
  baton compile --stages=4 --micro-batches=8 --schedule=1f1b --format=csv > order.csv
  baton verify --order=order.csv
  baton verify --order=order.csv --transport=buffered:2 --queues=per-device)");
  command->callback([flags, &action] { action = [flags] { return RunVerify(*flags); }; });
}

}  // namespace baton
