// Marks on errors of a run of several processes: who has failed, and who says so. Read by run_member.h.
#ifndef BATON_RUNTIME_PROCESS_AGREED_H_
#define BATON_RUNTIME_PROCESS_AGREED_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace baton {

inline constexpr char kAgreedPayload[] = "baton/agreed";
inline constexpr char kToldByLeaderPayload[] = "baton/told_by_leader";

// All processes return the error alike, as that training was stopped: nobody has failed. Set by the trainer.
inline absl::Status AgreedByAll(absl::Status status) {
  status.SetPayload(kAgreedPayload, absl::Cord());
  return status;
}

inline bool IsAgreed(const absl::Status& status) { return status.GetPayload(kAgreedPayload).has_value(); }

// The error came from rank 0, which reports it. Set by Control::Create, whose caller has no Control to ask.
inline absl::Status ToldByLeader(absl::Status status) {
  status.SetPayload(kToldByLeaderPayload, absl::Cord());
  return status;
}

inline bool IsToldByLeader(const absl::Status& status) { return status.GetPayload(kToldByLeaderPayload).has_value(); }

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_AGREED_H_
