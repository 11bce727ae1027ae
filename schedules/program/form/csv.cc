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
                        [](const AllGather&) { return std::string(); },
                        [](const ReduceScatter&) { return std::string(); },
                    },
                    operation);
}

std::string Row(const DeviceProgram& device, bool with_transfers) {
  std::string row;
  for (const Instruction& instruction : device.instructions) {
    const std::string cell = Cell(instruction.operation, with_transfers);
    if (!cell.empty()) absl::StrAppend(&row, row.empty() ? "" : ",", cell);
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
