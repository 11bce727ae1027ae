// The rule "transfers"; see rules.h.
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/program/walk/lanes.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

// The Sends and Recvs of a lane, each in issue order.
struct Sides {
  int sender = -1;
  int receiver = -1;
  std::vector<int32_t> sends;
  std::vector<int32_t> recvs;
};

class TransferChecker {
 public:
  TransferChecker(const Program& program, const Lanes& lanes, std::vector<Violation>& violations)
      : program_(program), lanes_(lanes), violations_(violations), sides_(lanes.num_lanes()) {
    const size_t num_keys = static_cast<size_t>(program.num_chunks) * program.num_micro_batches;
    sent_[0].assign(num_keys, false);
    sent_[1].assign(num_keys, false);
  }

  void Run() {
    for (int device = 0; device < program_.num_devices(); ++device) Collect(device);
    for (const Sides& sides : sides_) CheckPairs(sides);
    CheckNothingMissing();
  }

 private:
  void Report(int device, int instruction, const std::string& message) {
    violations_.push_back({device, instruction, "transfers", message});
  }

  size_t Key(int chunk, int micro_batch) const {
    return static_cast<size_t>(chunk) * program_.num_micro_batches + micro_batch;
  }

  // The device that reads the result of `chunk` for the micro-batch; -1 if there is none or it is the chunk's own.
  int Reader(int chunk, int micro_batch, Payload payload) const {
    const int reader = payload == Payload::kActivation ? chunk + 1 : chunk - 1;
    if (reader < 0 || reader >= program_.num_chunks) return -1;
    if (payload == Payload::kGradient && program_.forward_only) return -1;
    const int device = program_.DeviceOf(reader, micro_batch);
    return device == program_.DeviceOf(chunk, micro_batch) ? -1 : device;
  }

  void Collect(int device) {
    const std::vector<Instruction>& instructions = program_.devices[device].instructions;
    for (int32_t i = 0; i < static_cast<int32_t>(instructions.size()); ++i) {
      if (const Send* send = std::get_if<Send>(&instructions[i].operation)) {
        Sides& sides = sides_[lanes_.SendLane(device, send->peer)];
        sides.sender = device;
        sides.receiver = send->peer;
        sides.sends.push_back(i);
        CheckNeeded(device, i, *send);
      } else if (const Recv* recv = std::get_if<Recv>(&instructions[i].operation)) {
        Sides& sides = sides_[lanes_.RecvLane(device, recv->peer)];
        sides.sender = recv->peer;
        sides.receiver = device;
        sides.recvs.push_back(i);
      }
    }
  }

  void CheckNeeded(int device, int32_t instruction, const Send& send) {
    const int own = program_.DeviceOf(send.chunk, send.micro_batch);
    if (own != device) Report(device, instruction, absl::StrCat("is of a chunk on device ", own));
    const int reader = Reader(send.chunk, send.micro_batch, send.payload);
    if (reader != send.peer) {
      Report(device, instruction,
             reader < 0 ? std::string("is not needed by any other device")
                        : absl::StrCat("goes to a device that does not need it; device ", reader, " does"));
    }
    std::vector<bool>& sent = sent_[static_cast<int>(send.payload == Payload::kGradient)];
    if (sent[Key(send.chunk, send.micro_batch)]) Report(device, instruction, "is sent twice");
    sent[Key(send.chunk, send.micro_batch)] = true;
  }

  void CheckPairs(const Sides& sides) {
    const size_t num_pairs = std::min(sides.sends.size(), sides.recvs.size());
    for (size_t n = 0; n < num_pairs; ++n) CheckPair(sides, n);
    for (size_t n = num_pairs; n < sides.sends.size(); ++n) {
      Report(sides.sender, sides.sends[n],
             absl::StrCat("is matched by no Recv; device ", sides.receiver, " has ", sides.recvs.size(), " from here"));
    }
    for (size_t n = num_pairs; n < sides.recvs.size(); ++n) {
      Report(sides.receiver, sides.recvs[n],
             absl::StrCat("is matched by no Send; device ", sides.sender, " has ", sides.sends.size(), " to here"));
    }
  }

  void CheckPair(const Sides& sides, size_t n) {
    const DeviceProgram& sender = program_.devices[sides.sender];
    const DeviceProgram& receiver = program_.devices[sides.receiver];
    const Operation& send_operation = sender.instructions[sides.sends[n]].operation;
    const Send& send = std::get<Send>(send_operation);
    const Recv& recv = std::get<Recv>(receiver.instructions[sides.recvs[n]].operation);
    const int32_t reader = send.payload == Payload::kActivation ? send.chunk + 1 : send.chunk - 1;
    auto report = [&](const std::string& what) {
      Report(sides.receiver, sides.recvs[n],
             absl::StrCat("is matched to device ", sides.sender, " instruction ", sides.sends[n], " (",
                          Describe(send_operation), ")", what));
    };
    if (recv.payload != send.payload || recv.chunk != reader || recv.micro_batch != send.micro_batch) {
      report("");
      return;
    }
    if (send.slot == kNoSlot || recv.slot == kNoSlot) return;  // "slots" reports those
    const Bytes sent = sender.slots[send.slot].bytes;
    const Bytes received = receiver.slots[recv.slot].bytes;
    if (sent != received) report(absl::StrCat(", which sends ", sent, " bytes into ", received));
  }

  void CheckNothingMissing() {
    for (Payload payload : {Payload::kActivation, Payload::kGradient}) {
      for (int chunk = 0; chunk < program_.num_chunks; ++chunk) {
        for (int micro_batch = 0; micro_batch < program_.num_micro_batches; ++micro_batch) {
          if (sent_[static_cast<int>(payload == Payload::kGradient)][Key(chunk, micro_batch)]) continue;
          const int reader = Reader(chunk, micro_batch, payload);
          if (reader < 0) continue;
          Report(program_.DeviceOf(chunk, micro_batch), -1,
                 absl::StrCat(Describe(Send{chunk, micro_batch, payload, reader, kNoSlot}), " is missing"));
        }
      }
    }
  }

  const Program& program_;
  const Lanes& lanes_;
  std::vector<Violation>& violations_;
  std::vector<Sides> sides_;   // [lane]
  std::vector<bool> sent_[2];  // activations, gradients; by Key
};

}  // namespace

void CheckTransfers(const Program& program, std::vector<Violation>& violations) {
  const absl::StatusOr<Lanes> lanes = Lanes::Create(program);
  if (!lanes.ok()) {
    violations.push_back({-1, -1, "transfers", std::string(lanes.status().message())});
    return;
  }
  TransferChecker(program, *lanes, violations).Run();
}

}  // namespace baton
