// Marks errors that all processes of a run return alike, as that training was stopped: then nobody has failed. Set by
// the trainer, read by run_member.h.
#ifndef BATON_RUNTIME_PROCESS_AGREED_H_
#define BATON_RUNTIME_PROCESS_AGREED_H_

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace baton {

inline constexpr char kAgreedPayload[] = "baton/agreed";

inline absl::Status AgreedByAll(absl::Status status) {
  status.SetPayload(kAgreedPayload, absl::Cord());
  return status;
}

inline bool IsAgreed(const absl::Status& status) { return status.GetPayload(kAgreedPayload).has_value(); }

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_AGREED_H_
