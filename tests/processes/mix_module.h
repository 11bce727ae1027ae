// A stage module for every program of the catalog: cheap float arithmetic in which each value depends on all that went
// before, so that two runs end with the same parameters only if every transfer and every sum was the same to the bit.
#ifndef BATON_TESTS_PROCESSES_MIX_MODULE_H_
#define BATON_TESTS_PROCESSES_MIX_MODULE_H_

#include <vector>

#include "runtime/execute/stage_module.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"

namespace baton {

// Costs of chunks of MixModule: every buffer has `bytes`.
CostModel MixCosts(int num_chunks, Bytes bytes);

// Thread contract: see StageModule; one module for each replica of a chunk. Bind before the first step.
class MixModule final : public StageModule {
 public:
  // `replica_index`: into ChunkPlacement::replicas() of the program, which is borrowed.
  MixModule(const Program* program, int replica_index, Bytes bytes);

  void Bind(const ChunkState& state);
  std::vector<float> Parameters() const { return std::vector<float>(parameters_, parameters_ + num_elements_); }

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override;
  absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Update(Stream& stream) override;
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override;

 private:
  const Program* const program_;
  const int chunk_;
  const bool is_last_;
  const bool is_first_replica_;
  const int64_t num_elements_;
  float* parameters_ = nullptr;
  float* gradients_ = nullptr;
  double norm_ = 0;
};

}  // namespace baton

#endif  // BATON_TESTS_PROCESSES_MIX_MODULE_H_
