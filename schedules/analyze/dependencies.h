// Who waits for whom: what each instruction of a program can have been held up by, on its own device and on others.
// The critical path, the causes of idle time and the pictures ask it, of simulated and measured traces alike.
#ifndef BATON_SCHEDULES_ANALYZE_DEPENDENCIES_H_
#define BATON_SCHEDULES_ANALYZE_DEPENDENCIES_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/trace/trace.h"

namespace baton {

// What let an instruction begin: the last of all that it waited for. `by.instruction` -1: nothing, the step's
// beginning.
struct Release {
  InstructionRef by;
  Nanos at = 0;
  // A transfer that had only to begin (the one before in its queue), not to end.
  bool by_start = false;
};

// Thread contract: immutable once made. Refers to the program, which must outlive it.
class Dependencies {
 public:
  // `program` is proven, or has been simulated: every transfer has its other side.
  explicit Dependencies(const Program& program, const TransportModel& transport = {});

  // What let `ref` begin in `trace`, which is aligned with the program. In simulated traces without shared links
  // Release::at is its start; in measured ones it may be earlier (the worker had not come round yet).
  Release WhatReleased(const Trace& trace, InstructionRef ref) const;

  bool rendezvous() const { return transport_.rendezvous(); }

  // The other side of a transfer; the instruction -1 for what is no transfer.
  InstructionRef PeerOf(InstructionRef ref) const { return {peer_device_[ref.device][ref.instruction], Other(ref)}; }

  // The compute instruction that `ref` waited for last, followed through transfers to the device it ran on; the
  // instruction -1 if there is none, as for the first instruction of a step.
  InstructionRef WaitedFor(const Trace& trace, InstructionRef ref) const;

 private:
  int32_t Other(InstructionRef ref) const { return other_[ref.device][ref.instruction]; }
  const DeviceProgram& Device(int device) const { return program_.devices[device]; }
  void MatchTransfers();
  void MatchReductions();
  // Keeps the later of `release` and what `ref` itself had to wait for.
  void ConsiderOwn(const Trace& trace, InstructionRef ref, Release& release) const;

  const Program& program_;
  const TransportModel transport_;
  // [device][instruction]
  std::vector<std::vector<int32_t>> before_;       // of its lane or, for transfers, queue; -1: it is the first
  std::vector<std::vector<int32_t>> other_;        // of a transfer: the instruction of the other side
  std::vector<std::vector<int32_t>> peer_device_;  // of a transfer: the other side's device; else -1
  std::vector<std::vector<int32_t>> emptied_by_;   // of a Send into a buffer: the Recv over there that emptied it; -1
  std::vector<std::vector<int32_t>> round_;        // of an AllReduce: index into rounds_; else -1
  std::vector<std::vector<InstructionRef>> rounds_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_DEPENDENCIES_H_
