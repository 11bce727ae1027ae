// The processes of a run find out together about a step: its loss, whether one of them was told to stop, and where
// numbers stopped being finite. Each process knows the losses of the micro-batches whose last chunk it runs. Used by
// training sessions. All processes call each function at the same time; in a run of one process nothing is sent.
#ifndef BATON_RUNTIME_TRAIN_SHARED_NUMBERS_H_
#define BATON_RUNTIME_TRAIN_SHARED_NUMBERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "runtime/process/control.h"
#include "runtime/train/nonfinite.h"
#include "schedules/program/program.h"

namespace baton {

enum class KnownTo { kRank0, kAll };

// Channels of the control plane: collective operations of one channel come from one thread.
enum ControlChannel : int {
  kStepChannel = 0,        // the default
  kCheckpointChannel = 1,  // of the thread that writes
  kFailureChannel = 2,     // of those that wait to hear which failure was first
};

// The losses of batches that `program` ran, each summed over its micro-batches in ascending order. `here`: the losses
// of this process's micro-batches (StageModules::Losses), batch after batch. `rank_of_device`: see DealDevices. Empty
// where the result is not known. Errors: those of the control plane.
absl::StatusOr<std::vector<double>> ShareLosses(Control& control, const Program& program,
                                                const std::vector<int>& rank_of_device, const std::vector<double>& here,
                                                KnownTo known_to);

// True in all processes if `here` is true in any.
absl::StatusOr<bool> ShareAny(Control& control, bool here);

// In rank 0 the first of what all have found; elsewhere what was found here.
absl::StatusOr<NonfiniteOrigin> ShareOrigin(Control& control, const NonfiniteOrigin& here);

// Checks that `hash` of the contents of `what` is the same in all processes. Errors: InvalidArgument in all of them,
// with `what` and the first process that differs from rank 0.
absl::Status CheckSame(Control& control, const std::string& what, const std::string& hash);

// In all processes the error of the lowest rank that has one, without its payloads; OK if none has.
absl::Status ShareStatus(Control& control, const absl::Status& here, ControlChannel channel = kStepChannel);
// An error as bytes for other processes, and back; empty for OK.
std::string PrintSharedStatus(const absl::Status& status);
absl::Status ParseSharedStatus(const std::string& bytes);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_SHARED_NUMBERS_H_
