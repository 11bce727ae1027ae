// The kind of an operation as an enum with a name, for code in which kinds differ only by a name, a colour or a cost.
// Used by analyze/ and draw/. form/describe.h names a single instruction.
#ifndef BATON_SCHEDULES_PROGRAM_KIND_H_
#define BATON_SCHEDULES_PROGRAM_KIND_H_

#include "schedules/program/program.h"

namespace baton {

enum class Kind : int8_t {
  kForward,
  kBackward,
  kBackwardInput,
  kBackwardWeight,
  kRecompute,
  kUpdate,
  kLoad,
  kAllReduce,
  kAllGather,
  kReduceScatter,
  kSend,
  kRecv,
};
inline constexpr int kNumKinds = 12;

inline Kind KindOf(const Operation& operation) {
  return std::visit(Overloaded{
                        [](const Load&) { return Kind::kLoad; },
                        [](const Forward&) { return Kind::kForward; },
                        [](const Backward&) { return Kind::kBackward; },
                        [](const BackwardInput&) { return Kind::kBackwardInput; },
                        [](const BackwardWeight&) { return Kind::kBackwardWeight; },
                        [](const Recompute&) { return Kind::kRecompute; },
                        [](const Send&) { return Kind::kSend; },
                        [](const Recv&) { return Kind::kRecv; },
                        [](const AllReduce&) { return Kind::kAllReduce; },
                        [](const AllGather&) { return Kind::kAllGather; },
                        [](const ReduceScatter&) { return Kind::kReduceScatter; },
                        [](const Update&) { return Kind::kUpdate; },
                    },
                    operation);
}

// A name such as "backward-input", for tables, legends and sentences.
inline const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kForward:
      return "forward";
    case Kind::kBackward:
      return "backward";
    case Kind::kBackwardInput:
      return "backward-input";
    case Kind::kBackwardWeight:
      return "backward-weight";
    case Kind::kRecompute:
      return "recompute";
    case Kind::kUpdate:
      return "optimizer update";
    case Kind::kLoad:
      return "load";
    case Kind::kAllReduce:
      return "all-reduce";
    case Kind::kAllGather:
      return "all-gather";
    case Kind::kReduceScatter:
      return "reduce-scatter";
    case Kind::kSend:
      return "send";
    case Kind::kRecv:
      return "receive";
  }
  return "";
}

// True for the work that the papers count: forward, backward and recompute.
inline bool IsWork(Kind kind) { return kind < Kind::kUpdate; }

// True for kinds that count as busy time: those of the compute lane.
inline bool IsBusy(Kind kind) { return kind < Kind::kAllReduce; }

// True for AllReduce, ReduceScatter and AllGather.
inline bool IsCollective(Kind kind) { return kind >= Kind::kAllReduce && kind <= Kind::kReduceScatter; }

// True for Send and Recv.
inline bool IsTransfer(Kind kind) { return kind == Kind::kSend || kind == Kind::kRecv; }

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_KIND_H_
