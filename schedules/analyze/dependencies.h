// The dependencies between the instructions of a program, on one device and across devices, and the dependency that
// released an instruction in a trace. Works on simulated and measured traces. Used by the critical path, explanations
// and pictures.
#ifndef BATON_SCHEDULES_ANALYZE_DEPENDENCIES_H_
#define BATON_SCHEDULES_ANALYZE_DEPENDENCIES_H_

#include <vector>

#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/program/walk/transfer_queues.h"
#include "schedules/trace/trace.h"

namespace baton {

// The event that released an instruction: the last one that it waited for.
struct Release {
  InstructionRef by;  // `instruction` -1: none, it waited for the beginning of the step
  Nanos at = 0;       // nanoseconds since the step began
  // True if it waited for the start of `by`, which is before it in its queue or on its group's lane; false if for the
  // end of `by`.
  bool by_start = false;
};

// Thread contract: immutable once made. Refers to the program, which must outlive it.
class Dependencies {
 public:
  // Expects a validated or simulated program: every transfer has its other side.
  explicit Dependencies(const Program& program, const TransportModel& transport = {});

  // The release of `ref` in `trace`, which is aligned with the program. In simulated traces without shared links
  // Release::at is the start of `ref`; in measured traces it may be earlier, since the worker may be late.
  Release WhatReleased(const Trace& trace, InstructionRef ref) const;

  bool rendezvous() const { return transport_.rendezvous(); }

  // The other side of a transfer; `instruction` -1 for any other instruction.
  InstructionRef PeerOf(InstructionRef ref) const { return {peer_device_[ref.device][ref.instruction], Other(ref)}; }

  // The last compute instruction, on any device, that `ref` waited for, directly or through transfers and collectives.
  // `instruction` -1 if there is none, as for the first instruction of a step.
  InstructionRef WaitedFor(const Trace& trace, InstructionRef ref) const;

 private:
  int32_t Other(InstructionRef ref) const { return other_[ref.device][ref.instruction]; }
  const DeviceProgram& Device(int device) const { return program_.devices[device]; }
  void MatchTransfers();
  void MatchCollectives();
  // Sets `release` to the later of itself and the last wait of `ref`, without its peers.
  void ConsiderOwn(const Trace& trace, InstructionRef ref, Release& release) const;

  const Program& program_;
  const TransportModel transport_;
  // Tables by [device][instruction]; -1: none.
  std::vector<std::vector<int32_t>> before_;       // the instruction before it in its lane or queue
  std::vector<std::vector<int32_t>> other_;        // of a transfer: the other side's instruction
  std::vector<std::vector<int32_t>> peer_device_;  // of a transfer: the other side's device
  std::vector<std::vector<int32_t>> emptied_by_;   // of a Send into a buffer: the peer's Recv that emptied it
  std::vector<std::vector<int32_t>> round_;        // of a collective: index into rounds_
  std::vector<std::vector<InstructionRef>> rounds_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_ANALYZE_DEPENDENCIES_H_
