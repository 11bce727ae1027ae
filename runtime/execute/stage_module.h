// The interface between the executor and a chunk of layers. The executor knows neither layers nor models: runtime/train
// implements StageModule with layers, runtime/rehearse with modules that sleep, tests with modules that check or fail.
#ifndef BATON_RUNTIME_EXECUTE_STAGE_MODULE_H_
#define BATON_RUNTIME_EXECUTE_STAGE_MODULE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "ops/tensor/pass_buffers.h"
#include "runtime/device/device.h"
#include "runtime/transport/collective.h"
#include "schedules/program/instruction.h"

namespace baton {

// The permanent memory of a chunk in its device's arena. A forward-only program has only parameters; the others are
// null.
struct ChunkState {
  std::byte* parameters = nullptr;
  std::byte* gradients = nullptr;
  std::byte* optimizer = nullptr;
};

// Thread contract: all calls for one device come from that device's worker, one at a time. Calls put work on `stream`;
// a host stream runs it before the call returns. An error ends the step on all devices. After their first run, calls
// allocate nothing.
class StageModule {
 public:
  virtual ~StageModule() = default;

  virtual absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) = 0;
  virtual absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) = 0;
  virtual absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) = 0;
  virtual absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) = 0;
  virtual absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) = 0;
  // Writes `recomputed` and `recomputed_weight` with the bits that Forward wrote, from input, targets and the saved
  // buffers. Called only if the program recomputes.
  virtual absl::Status Recompute(Stream& stream, int micro_batch, const PassBuffers& buffers) {
    return absl::InternalError("this stage module has nothing to recompute");
  }
  virtual absl::Status Update(Stream& stream) = 0;

  using ReduceBuffer = baton::ReduceBuffer;
  // The buffer that this chunk adds to the sum of `group` and that receives the sum. `group`: an index into
  // Program::reduce_groups. `member`: an index into ReduceGroup::chunks, which lists a chunk once for each tied use of
  // the parameter in it. Called when the AllReduce is issued. Fills the buffer (gradient norms; zeros if another
  // replica of the chunk adds) or only names it (gradients).
  virtual absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_STAGE_MODULE_H_
