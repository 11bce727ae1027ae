// A whole step of several devices recorded once and launched as one: a CUDA graph. Used by runtime/execute through
// Device::CreateStepGraph.
#ifndef BATON_RUNTIME_DEVICE_STEP_GRAPH_H_
#define BATON_RUNTIME_DEVICE_STEP_GRAPH_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace baton {

// Thread contract: one thread at a time; Begin and End on the same one.
// Lifecycle: Begin, work on the devices' streams, End; then any number of launches, one at a time. Must be destroyed
// before the devices.
class StepGraph {
 public:
  virtual ~StepGraph() = default;
  // From now until End, work that this thread puts on streams of the devices is recorded and not run. A stream may wait
  // only for events recorded since.
  virtual absl::Status Begin() = 0;
  // Ends the recording, also after an error; the graph is then unusable. Errors: those of the recording.
  virtual absl::Status End() = 0;
  virtual absl::Status Launch() = 0;
  // Whether the last launch is done. Errors: those of its work.
  virtual absl::StatusOr<bool> Done() = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_STEP_GRAPH_H_
