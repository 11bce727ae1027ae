// What kind of instruction an operation is, and how pictures and tables call it. Used by everything in report/ and
// explain/ that treats kinds alike but for a name, a colour or a cost.
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
  kSend,
  kRecv,
};
inline constexpr int kNumKinds = 10;

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
                        [](const Update&) { return Kind::kUpdate; },
                    },
                    operation);
}

// As "backward-input".
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
      return "optimizer step";
    case Kind::kLoad:
      return "load";
    case Kind::kAllReduce:
      return "reduce";
    case Kind::kSend:
      return "send";
    case Kind::kRecv:
      return "receive";
  }
  return "";
}

// True for what the papers count: forward and backward, and what is computed again for it.
inline bool IsWork(Kind kind) { return kind < Kind::kUpdate; }

// True where a device is drawn busy: all that runs on the compute lane, but for waiting until a sum is there.
inline bool IsBusy(Kind kind) { return kind < Kind::kAllReduce; }

// True for Send and Recv.
inline bool IsTransfer(Kind kind) { return kind == Kind::kSend || kind == Kind::kRecv; }

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_KIND_H_
