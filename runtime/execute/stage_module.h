// What the executor asks of a chunk of layers. The executor knows no layer and no model: runtime/train implements this
// with real layers, rehearsals with modules that sleep, tests with modules that check or fail.
#ifndef BATON_RUNTIME_EXECUTE_STAGE_MODULE_H_
#define BATON_RUNTIME_EXECUTE_STAGE_MODULE_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "base/units.h"
#include "runtime/device/device.h"
#include "runtime/transport/collective.h"
#include "schedules/program/instruction.h"

namespace baton {

// The slots of an instruction as addresses in the device's arena; null where the instruction names no slot.
struct ChunkBuffers {
  std::byte* input = nullptr;
  std::byte* targets = nullptr;
  std::byte* output = nullptr;
  std::byte* saved = nullptr;
  std::byte* saved_weight = nullptr;
  std::byte* grad_output = nullptr;
  std::byte* grad_input = nullptr;
  std::byte* stash = nullptr;
  std::byte* recomputed = nullptr;
  std::byte* recomputed_weight = nullptr;
  std::byte* workspace = nullptr;
};

// The permanent memory of a chunk in its device's arena.
struct ChunkState {
  std::byte* parameters = nullptr;
  std::byte* gradients = nullptr;
  std::byte* optimizer = nullptr;
};

// Thread contract: all calls for one device come from that device's worker, one at a time. Work is put on `stream`; a
// host stream runs it before the call returns. An error ends the step on all devices.
class StageModule {
 public:
  virtual ~StageModule() = default;

  virtual absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) = 0;
  virtual absl::Status Forward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) = 0;
  virtual absl::Status Backward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) = 0;
  virtual absl::Status BackwardInput(Stream& stream, int micro_batch, const ChunkBuffers& buffers) = 0;
  virtual absl::Status BackwardWeight(Stream& stream, int micro_batch, const ChunkBuffers& buffers) = 0;
  // Writes `recomputed` and `recomputed_weight` as Forward did, from what it read and kept.
  // Called only where the program recomputes.
  virtual absl::Status Recompute(Stream& stream, int micro_batch, const ChunkBuffers& buffers) {
    return absl::InternalError("this stage module has nothing to recompute");
  }
  virtual absl::Status Update(Stream& stream) = 0;

  using ReduceBuffer = baton::ReduceBuffer;
  // The buffer that this chunk adds to the sum of `group`, an index into Program::reduce_groups, and gets the sum in,
  // as its `member`-th summand, an index into ReduceGroup::chunks: a chunk that holds a tied parameter several times is
  // listed as often. Called when the AllReduce is issued: fills the buffer (gradient norms, and zeros where another
  // copy of the chunk adds) or just names it (gradients).
  virtual absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_STAGE_MODULE_H_
