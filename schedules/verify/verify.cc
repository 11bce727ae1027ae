// Judges an order; see verify.h.
#include "schedules/verify/verify.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/status.h"
#include "schedules/analyze/analysis.h"
#include "schedules/lower/lower.h"
#include "schedules/order/order_text.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/simulate/simulate.h"
#include "schedules/validate/stuck.h"
#include "schedules/validate/validate.h"
#include "schedules/verify/check_order.h"
#include "schedules/verify/given_transfers.h"
#include "schedules/verify/stuck_timeline.h"

namespace baton {
namespace {

// Equal costs for all passes: only the order of actions matters here.
CostModel UnitCosts(int num_chunks) {
  ChunkCosts chunk;
  chunk.forward_ns = chunk.backward_input_ns = chunk.backward_weight_ns = 1000;
  CostModel costs;
  costs.chunks.assign(num_chunks, chunk);
  return costs;
}

std::string CellName(int, int cell) { return absl::StrCat("cell ", cell); }

std::string Where(const CsvOrder& csv, int device, int cell) {
  if (device < 0) return "order";
  return absl::StrCat("device ", device, ", row ", csv.rows[device], cell < 0 ? "" : absl::StrCat(" cell ", cell));
}

// Collects the rows of a drawing by device.
class Drawing {
 public:
  StuckRow& Row(int device) {
    const auto [entry, is_new] = row_of_device_.insert({device, rows_.size()});
    if (is_new) {
      rows_.emplace_back();
      rows_.back().device = device;
    }
    return rows_[entry->second];
  }
  std::string ToString() {
    std::sort(rows_.begin(), rows_.end(), [](const StuckRow& a, const StuckRow& b) { return a.device < b.device; });
    return DrawStuck(rows_);
  }

 private:
  std::map<int, size_t> row_of_device_;
  std::vector<StuckRow> rows_;
};

std::string DrawCycle(const ComputeOrder& order, const std::vector<OrderWait>& cycle) {
  std::map<int, std::vector<std::string>> letters;
  for (const OrderWait& wait : cycle) {
    std::vector<std::string>& row = letters[wait.device];
    if (!row.empty()) continue;
    for (const Action& action : order.devices[wait.device]) row.push_back(FormatAction(action));
  }
  Drawing drawing;
  for (const OrderWait& wait : cycle) {
    StuckRow& row = drawing.Row(wait.device);
    row.letters = &letters[wait.device];
    row.next = row.reasons.empty() ? wait.position : std::min(row.next, wait.position);
    row.marked.insert(wait.position);
    row.reasons.push_back(absl::StrCat(letters[wait.device][wait.position], " waits for ",
                                       letters[wait.source_device][wait.source_position]));
  }
  for (const OrderWait& wait : cycle) drawing.Row(wait.source_device).marked.insert(wait.source_position);
  return drawing.ToString();
}

// Describes why one instruction of a file cannot end, in the file's letters.
std::string Reason(const GivenProgram& given, const Blame& blame) {
  const auto letters = [&](InstructionRef ref) { return given.letters[ref.device][ref.instruction]; };
  const auto there = [&] {
    return absl::StrCat(letters(blame.blocker), " (device ", blame.blocker.device, " cell ",
                        given.cells[blame.blocker.device][blame.blocker.instruction], ")");
  };
  switch (blame.why) {
    case Blame::Why::kWaits:
      return absl::StrCat(letters(blame.waiter), " waits for ", letters(blame.blocker));
    case Blame::Why::kAfter:
      return absl::StrCat(letters(blame.waiter), " comes after ", letters(blame.blocker));
    case Blame::Why::kQueued:
      return absl::StrCat(letters(blame.waiter), " is queued behind ", letters(blame.blocker));
    case Blame::Why::kOtherSide:
      return absl::StrCat(letters(blame.waiter), " waits to be matched by ", there());
    case Blame::Why::kBuffer:
      return absl::StrCat(letters(blame.waiter), " waits for ", there(), " to empty a buffer");
    case Blame::Why::kCollective:
    case Blame::Why::kNeverJoined:
    case Blame::Why::kNeverMatched:
      return absl::StrCat(letters(blame.waiter), " is never matched");
  }
  return letters(blame.waiter);
}

std::string DrawDeadlock(const GivenProgram& given, const StuckProgram& stuck, const Deadlock& deadlock) {
  Drawing drawing;
  for (const Blame& blame : deadlock.chain) {
    StuckRow& row = drawing.Row(blame.waiter.device);
    row.reasons.push_back(Reason(given, blame));
    for (InstructionRef ref : {blame.waiter, blame.blocker}) {
      if (ref.instruction < 0) continue;
      StuckRow& each = drawing.Row(ref.device);
      each.letters = &given.letters[ref.device];
      each.next = stuck.next[ref.device];
      each.marked.insert(ref.instruction);
      const Operation& operation = given.program.devices[ref.device].instructions[ref.instruction].operation;
      if (!IsCompute(operation) && ref.instruction < each.next) each.open.insert(ref.instruction);
    }
  }
  return drawing.ToString();
}

// Checks the file's own transfers, in the transport.
absl::Status CheckGiven(const CsvOrder& csv, const OrderIndex& index, const TransportModel& transport,
                        Verdict& verdict) {
  const GivenTransfersReport report = CheckGivenTransfers(csv, index, CellName);
  verdict.num_more = report.num_more;
  for (const CellViolation& violation : report.violations) {
    verdict.violations.push_back(absl::StrCat(Where(csv, violation.device, violation.cell), ": ", violation.message));
  }
  if (!verdict.violations.empty()) return absl::OkStatus();
  const GivenProgram given = LowerAsGiven(csv);
  BATON_ASSIGN_OR_RETURN(const Lanes lanes, Lanes::Create(given.program));
  const StuckProgram stuck = FindDeadlocks(given.program, lanes, transport);
  for (const Deadlock& deadlock : stuck.deadlocks) {
    const InstructionRef first = deadlock.chain.front().waiter;
    std::string text = absl::StrCat(Where(csv, first.device, given.cells[first.device][first.instruction]), ": ",
                                    given.letters[first.device][first.instruction], " can never run ",
                                    DescribeTransport(transport), ", a cycle: ");
    for (const Blame& blame : deadlock.chain) {
      absl::StrAppend(&text, &blame == deadlock.chain.data() ? "" : "; ", Reason(given, blame));
    }
    verdict.violations.push_back(std::move(text));
    absl::StrAppend(&verdict.timeline, verdict.timeline.empty() ? "" : "\n", DrawDeadlock(given, stuck, deadlock));
  }
  if (!stuck.deadlocks.empty()) {
    verdict.timeline +=
        "Without its SEND and RECV cells the order is sound: Baton places transfers so that none gets stuck.\n";
  }
  return absl::OkStatus();
}

// A note on the first cell whose backward needs the forward of the same cell; empty if there is none.
std::string NoteOnOverlap(const CsvOrder& csv) {
  for (size_t device = 0; device < csv.cells.size(); ++device) {
    for (size_t i = 1; i < csv.cells[device].size(); ++i) {
      const Action& forward = csv.order.devices[device][i - 1];
      const Action& backward = csv.order.devices[device][i];
      if (csv.cells[device][i] != csv.cells[device][i - 1] || forward.chunk != backward.chunk ||
          forward.micro_batch != backward.micro_batch) {
        continue;
      }
      return absl::StrCat("; note: ", Where(csv, static_cast<int>(device), csv.cells[device][i]),
                          ": the backward needs the forward of the same cell, so this is sound only where the two run "
                          "in turn, as in Baton and, by default, in PyTorch");
    }
  }
  return "";
}

absl::StatusOr<std::string> Summary(const CsvOrder& csv, const TransportModel& transport,
                                    const std::optional<OrderViolation>& descent) {
  const ComputeOrder& order = csv.order;
  LowerOptions options;
  options.schedule = "csv";
  options.costs = UnitCosts(order.num_chunks);
  options.transport = transport;
  options.gradients_ascend = false;
  BATON_ASSIGN_OR_RETURN(const Program program, Lower(order, options));
  BATON_RETURN_IF_ERROR(CheckProgram(program, {transport, /*gradients_ascend=*/false}));
  BATON_ASSIGN_OR_RETURN(const Trace trace, Simulate(program, options.costs, {transport}));
  const StepReport report = Analyze(program, trace);
  int64_t num_instructions = 0;
  for (const DeviceProgram& device : program.devices) {
    num_instructions += static_cast<int64_t>(device.instructions.size());
  }
  const auto most = std::max_element(
      report.devices.begin(), report.devices.end(),
      [](const DeviceReport& a, const DeviceReport& b) { return a.peak_micro_batches < b.peak_micro_batches; });
  std::string text = absl::StrCat(
      "sound: ", FormatPlural(order.num_devices(), "device"), ", ", FormatPlural(order.num_chunks, "chunk"), ", ",
      FormatPlural(order.num_micro_batches, "micro-batch"), ", ", FormatPlural(num_instructions, "instruction"),
      "; at most ", FormatCount(most->peak_micro_batches),
      most->peak_micro_batches == 1 ? " micro-batch" : " micro-batches", " live (device ",
      most - report.devices.begin(), "); safe ", DescribeTransport(transport));
  if (csv.has_transfers) text += ", with its own transfers too";
  if (program.forward_only) text += "; note: it has no backward";
  text += NoteOnOverlap(csv);
  if (descent) {
    absl::StrAppend(&text, "; note: not for training, since the bits would differ: ",
                    Where(csv, descent->device, csv.cells[descent->device][descent->position]), ": ", descent->message);
  }
  return text;
}

}  // namespace

std::string DescribeTransport(const TransportModel& transport) {
  const char* queues = transport.queues == QueueKind::kPerDevice ? "one queue a device"
                       : transport.queues == QueueKind::kPerPeer ? "one queue a peer"
                                                                 : "one queue a peer and direction";
  if (transport.rendezvous()) return absl::StrCat("by rendezvous, ", queues);
  return absl::StrCat("by ", transport.buffered_slots, " buffers a peer and direction, ", queues);
}

absl::StatusOr<Verdict> Verify(const CsvOrder& csv, const TransportModel& transport) {
  Verdict verdict;
  const PositionName name = [&csv](int device, int position) { return CellName(device, csv.cells[device][position]); };
  const OrderReport report = CheckOrder(csv.order, name);
  for (const OrderViolation& violation : report.violations) {
    const int cell = violation.position < 0 ? -1 : csv.cells[violation.device][violation.position];
    verdict.violations.push_back(absl::StrCat(Where(csv, violation.device, cell), ": ", violation.message));
  }
  verdict.num_more = report.num_more;
  for (const std::vector<OrderWait>& cycle : report.cycles) {
    if (cycle.size() == 1) continue;
    absl::StrAppend(&verdict.timeline, verdict.timeline.empty() ? "" : "\n", DrawCycle(csv.order, cycle));
  }
  if (!verdict.violations.empty()) return verdict;
  if (csv.has_transfers) {
    BATON_ASSIGN_OR_RETURN(const OrderIndex index, IndexOrder(csv.order, /*gradients_ascend=*/false));
    BATON_RETURN_IF_ERROR(CheckGiven(csv, index, transport, verdict));
    if (!verdict.violations.empty()) return verdict;
  }
  BATON_ASSIGN_OR_RETURN(verdict.summary, Summary(csv, transport, report.descent));
  verdict.is_sound = true;
  return verdict;
}

}  // namespace baton
