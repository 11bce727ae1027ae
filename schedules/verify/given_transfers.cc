// Checks and lowers the transfers of a file; see given_transfers.h.
#include "schedules/verify/given_transfers.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "schedules/order/order_text.h"

namespace baton {
namespace {

// The transfer on the other side: a Send's Recv and a Recv's Send.
CsvTransfer OtherSide(const CsvTransfer& transfer) {
  CsvTransfer other = transfer;
  other.is_send = !transfer.is_send;
  // An activation goes one chunk up, a gradient one down.
  other.chunk += transfer.is_send != transfer.is_gradient ? 1 : -1;
  return other;
}

class TransferChecker {
 public:
  TransferChecker(const CsvOrder& csv, const OrderIndex& index, const std::function<std::string(int, int)>& name_cell)
      : csv_(csv), order_(csv.order), index_(index), name_cell_(name_cell) {
    for (auto& side : index_of_) {
      for (std::vector<int32_t>& indices : side) {
        indices.assign(static_cast<size_t>(order_.num_chunks) * order_.num_micro_batches, -1);
      }
    }
  }

  GivenTransfersReport Run() {
    for (device_ = 0; device_ < order_.num_devices(); ++device_) {
      for (int32_t i = 0; i < static_cast<int32_t>(csv_.transfers[device_].size()); ++i) Check(i);
    }
    CheckPaired();
    CheckMeetings();
    std::stable_sort(report_.violations.begin(), report_.violations.end(),
                     [](const CellViolation& a, const CellViolation& b) {
                       return std::make_pair(a.device, a.cell) < std::make_pair(b.device, b.cell);
                     });
    return std::move(report_);
  }

 private:
  void Report(const CsvTransfer& transfer, const std::string& what) {
    if (report_.violations.size() >= kMostOrderViolations) {
      ++report_.num_more;
      return;
    }
    report_.violations.push_back({device_, transfer.cell, absl::StrCat(FormatTransfer(transfer), " ", what)});
  }

  int32_t& IndexOf(const CsvTransfer& transfer) {
    return index_of_[transfer.is_send][transfer.is_gradient][index_.Key(transfer.chunk, transfer.micro_batch)];
  }

  bool IsChunk(int chunk) const { return chunk >= 0 && chunk < order_.num_chunks; }

  // Why the order does not need the transfer; empty if it does.
  std::string WhyNeedless(const CsvTransfer& transfer) const {
    const int other = OtherSide(transfer).chunk;
    if (!IsChunk(other)) return absl::StrCat("is not needed: there is no stage ", other);
    if (order_.DeviceOf(other, transfer.micro_batch) == device_) {
      return absl::StrCat("is not needed: stage ", other, " is on the same device");
    }
    if (transfer.is_gradient && index_.forward_only) return "is not needed: the order has no backward";
    return "";
  }

  void Check(int32_t i) {
    const CsvTransfer& transfer = csv_.transfers[device_][i];
    if (!IsChunk(transfer.chunk)) {
      return Report(transfer, absl::StrCat("names no existing stage; they are 0 to ", order_.num_chunks - 1));
    }
    if (transfer.micro_batch >= order_.num_micro_batches) {
      return Report(transfer,
                    absl::StrCat("names no existing micro-batch; they are 0 to ", order_.num_micro_batches - 1));
    }
    const int32_t device = order_.DeviceOf(transfer.chunk, transfer.micro_batch);
    if (device != device_) {
      return Report(transfer, absl::StrCat("is of stage ", transfer.chunk, ", which is on device ", device));
    }
    if (const std::string why = WhyNeedless(transfer); !why.empty()) return Report(transfer, why);
    int32_t& index = IndexOf(transfer);
    if (index >= 0) {
      return Report(transfer,
                    absl::StrCat("is repeated; first at ", name_cell_(device_, csv_.transfers[device_][index].cell)));
    }
    index = i;
    const size_t key = index_.Key(transfer.chunk, transfer.micro_batch);
    const int32_t position = transfer.is_gradient ? index_.backward[key] : index_.forward[key];
    const std::string action = FormatAction(order_.devices[device_][position]);
    if (transfer.is_send && position >= transfer.before) {
      Report(transfer, absl::StrCat("comes before ", action, ", whose result it sends"));
    } else if (!transfer.is_send && position < transfer.before) {
      Report(transfer, absl::StrCat("comes after ", action, ", which reads it"));
    }
  }

  // Each needed transfer must be there on both sides.
  void CheckPaired() {
    for (bool is_gradient : {false, true}) {
      if (is_gradient && index_.forward_only) break;
      for (int32_t chunk = 0; chunk < order_.num_chunks; ++chunk) {
        for (int32_t micro_batch = 0; micro_batch < order_.num_micro_batches; ++micro_batch) {
          const CsvTransfer send{true, is_gradient, chunk, micro_batch, 0, -1};
          device_ = order_.DeviceOf(chunk, micro_batch);
          if (WhyNeedless(send).empty()) CheckPair(send, OtherSide(send));
        }
      }
    }
  }

  void CheckPair(const CsvTransfer& send, const CsvTransfer& recv) {
    const int32_t sent = IndexOf(send);
    const int32_t received = IndexOf(recv);
    const int32_t receiver = order_.DeviceOf(recv.chunk, recv.micro_batch);
    if (sent >= 0 && received >= 0) return;
    if (sent < 0 && received < 0) {
      Report(send, absl::StrCat("is missing, and on device ", receiver, " ", FormatTransfer(recv)));
    } else if (received < 0) {
      Report(csv_.transfers[device_][sent],
             absl::StrCat("is unpaired: device ", receiver, " has no ", FormatTransfer(recv)));
    } else {
      const int32_t sender = std::exchange(device_, receiver);
      Report(csv_.transfers[receiver][received],
             absl::StrCat("is unpaired: device ", sender, " has no ", FormatTransfer(send)));
      device_ = sender;
    }
  }

  // The n-th Send from one device to another must match the n-th Recv there.
  void CheckMeetings() {
    using Side = std::vector<const CsvTransfer*>;
    std::map<std::pair<int32_t, int32_t>, std::pair<Side, Side>> lanes;  // (sender, receiver): sends, recvs
    for (device_ = 0; device_ < order_.num_devices(); ++device_) {
      for (int32_t i = 0; i < static_cast<int32_t>(csv_.transfers[device_].size()); ++i) {
        const CsvTransfer& transfer = csv_.transfers[device_][i];
        if (!IsChunk(transfer.chunk) || transfer.micro_batch >= order_.num_micro_batches) continue;
        const CsvTransfer other = OtherSide(transfer);
        if (!IsChunk(other.chunk) || IndexOf(transfer) != i || IndexOf(other) < 0) continue;  // reported above
        const int32_t peer = order_.DeviceOf(other.chunk, other.micro_batch);
        if (transfer.is_send) {
          lanes[{device_, peer}].first.push_back(&transfer);
        } else {
          lanes[{peer, device_}].second.push_back(&transfer);
        }
      }
    }
    for (const auto& [ends, sides] : lanes) {
      device_ = ends.second;
      for (size_t n = 0; n < std::min(sides.first.size(), sides.second.size()); ++n) {
        const CsvTransfer& send = *sides.first[n];
        const CsvTransfer& recv = *sides.second[n];
        const CsvTransfer wanted = OtherSide(recv);
        if (wanted.chunk == send.chunk && wanted.micro_batch == send.micro_batch &&
            wanted.is_gradient == send.is_gradient) {
          continue;
        }
        Report(recv, absl::StrCat("is number ", n + 1, " from device ", ends.first, " and is matched to ",
                                  FormatTransfer(send), " (device ", ends.first, " ", name_cell_(ends.first, send.cell),
                                  ") instead of ", FormatTransfer(wanted)));
        break;
      }
    }
  }

  const CsvOrder& csv_;
  const ComputeOrder& order_;
  const OrderIndex& index_;
  const std::function<std::string(int, int)>& name_cell_;
  GivenTransfersReport report_;
  std::vector<int32_t> index_of_[2][2];  // [is_send][is_gradient][Key]
  int32_t device_ = 0;
};

// Merges a row's actions and transfers into instructions.
class RowLowering {
 public:
  RowLowering(const CsvOrder& csv, int device, GivenProgram& given)
      : csv_(csv),
        device_(device),
        code_(given.program.devices[device]),
        cells_(given.cells[device]),
        letters_(given.letters[device]) {}

  void Run() {
    const std::vector<Action>& actions = csv_.order.devices[device_];
    const std::vector<CsvTransfer>& transfers = csv_.transfers[device_];
    size_t next = 0;
    for (int32_t position = 0; position <= static_cast<int32_t>(actions.size()); ++position) {
      for (; next < transfers.size() && transfers[next].before == position; ++next) AddTransfer(transfers[next]);
      if (position < static_cast<int32_t>(actions.size())) AddAction(actions[position], csv_.cells[device_][position]);
    }
  }

 private:
  void Add(const Operation& operation, int32_t cell, std::string letters, int32_t wait) {
    Instruction instruction;
    instruction.operation = operation;
    instruction.first_wait = static_cast<uint32_t>(code_.waits.size());
    if (wait >= 0) code_.waits.push_back(wait);
    instruction.num_waits = wait >= 0 ? 1 : 0;
    code_.instructions.push_back(instruction);
    cells_.push_back(cell);
    letters_.push_back(std::move(letters));
  }

  void AddTransfer(const CsvTransfer& transfer) {
    const CsvTransfer other = OtherSide(transfer);
    const int32_t peer = csv_.order.DeviceOf(other.chunk, other.micro_batch);
    const Payload payload = transfer.is_gradient ? Payload::kGradient : Payload::kActivation;
    const auto index = static_cast<int32_t>(code_.instructions.size());
    if (transfer.is_send) {
      Add(Send{transfer.chunk, transfer.micro_batch, payload, peer, kNoSlot}, transfer.cell, FormatTransfer(transfer),
          -1);
    } else {
      received_[{transfer.chunk, transfer.micro_batch, transfer.is_gradient}] = index;
      Add(Recv{transfer.chunk, transfer.micro_batch, payload, peer, kNoSlot}, transfer.cell, FormatTransfer(transfer),
          -1);
    }
  }

  void AddAction(const Action& action, int32_t cell) {
    const bool is_forward = action.kind == ActionKind::kForward;
    int32_t wait = -1;
    if (!IsWithinChunk(action.kind)) {
      const auto found = received_.find({action.chunk, action.micro_batch, !is_forward});
      if (found != received_.end()) wait = found->second;
    }
    // The kind of action makes no difference to waits, so all are Forwards.
    Add(Forward{action.chunk, action.micro_batch, kNoSlot, kNoSlot, kNoSlot, kNoSlot, kNoSlot}, cell,
        FormatAction(action), wait);
  }

  const CsvOrder& csv_;
  const int device_;
  DeviceProgram& code_;
  std::vector<int32_t>& cells_;
  std::vector<std::string>& letters_;
  std::map<std::tuple<int32_t, int32_t, bool>, int32_t> received_;  // (chunk, micro-batch, gradient): instruction
};

}  // namespace

std::string FormatTransfer(const CsvTransfer& transfer) {
  return absl::StrCat(transfer.chunk, transfer.is_send ? "SEND_" : "RECV_", transfer.is_gradient ? "B" : "F",
                      transfer.micro_batch);
}

GivenTransfersReport CheckGivenTransfers(const CsvOrder& csv, const OrderIndex& index,
                                         const std::function<std::string(int device, int cell)>& name_cell) {
  return TransferChecker(csv, index, name_cell).Run();
}

GivenProgram LowerAsGiven(const CsvOrder& csv) {
  const ComputeOrder& order = csv.order;
  GivenProgram given;
  given.program.num_chunks = order.num_chunks;
  given.program.num_micro_batches = order.num_micro_batches;
  given.program.placement = order.placement;
  given.program.devices.resize(order.num_devices());
  given.cells.resize(order.num_devices());
  given.letters.resize(order.num_devices());
  for (int device = 0; device < order.num_devices(); ++device) RowLowering(csv, device, given).Run();
  return given;
}

}  // namespace baton
