// One cell an action, in PyTorch's letters; R, which those do not have, for Recompute.
#include "schedules/program/form/csv.h"

#include <variant>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// Empty for what has no cell.
std::string Cell(const Operation& operation, bool with_transfers) {
  const auto cell = [](const auto& each, const char* letters) {
    return absl::StrCat(each.chunk, letters, each.micro_batch);
  };
  const auto transfer = [&](const auto& each, const char* forward, const char* backward) {
    return with_transfers ? cell(each, each.payload == Payload::kActivation ? forward : backward) : std::string();
  };
  return std::visit(Overloaded{
                        [](const Load&) { return std::string(); },
                        [&](const Forward& each) { return cell(each, "F"); },
                        [&](const Backward& each) { return cell(each, "B"); },
                        [&](const BackwardInput& each) { return cell(each, "I"); },
                        [&](const BackwardWeight& each) { return cell(each, "W"); },
                        [&](const Recompute& each) { return cell(each, "R"); },
                        [&](const Send& each) { return transfer(each, "SEND_F", "SEND_B"); },
                        [&](const Recv& each) { return transfer(each, "RECV_F", "RECV_B"); },
                        [](const AllReduce&) { return std::string(); },
                        [](const Update&) { return std::string(); },
                    },
                    operation);
}

std::string Row(const DeviceProgram& device, bool with_transfers) {
  std::string row;
  const auto append = [&row](const std::string& cell) { absl::StrAppend(&row, row.empty() ? "" : ",", cell); };
  std::string forward;  // that waits for the other half of its cell
  std::string between;  // transfers that stand between the halves
  auto overlapped = device.overlapped.begin();
  for (size_t i = 0; i < device.instructions.size(); ++i) {
    const Operation& operation = device.instructions[i].operation;
    const std::string cell = Cell(operation, with_transfers);
    if (cell.empty()) continue;
    while (overlapped != device.overlapped.end() && *overlapped < static_cast<int64_t>(i)) ++overlapped;
    if (forward.empty() && overlapped != device.overlapped.end() && *overlapped == static_cast<int64_t>(i)) {
      forward = cell;
    } else if (forward.empty()) {
      append(cell);
    } else if (std::holds_alternative<Recv>(operation)) {
      append(cell);  // it may be what the backward waits for
    } else if (std::holds_alternative<Send>(operation)) {
      absl::StrAppend(&between, between.empty() ? "" : ",", cell);
    } else {
      append(absl::StrCat("(", forward, ";", cell, ")OVERLAP_F_B"));
      if (!between.empty()) append(between);
      forward.clear();
      between.clear();
    }
  }
  return row.empty() ? "\"\"" : row;
}

}  // namespace

std::string WriteCsv(const Program& program, bool with_transfers) {
  std::string csv;
  for (const DeviceProgram& device : program.devices) absl::StrAppend(&csv, Row(device, with_transfers), "\n");
  return csv;
}

}  // namespace baton
