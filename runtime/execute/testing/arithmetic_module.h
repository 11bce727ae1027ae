// A stage module that computes with whole numbers whose every value is known, and reports each one that is not as
// expected: a test fails if a buffer is mixed up, overwritten too early or read too late.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_ARITHMETIC_MODULE_H_
#define BATON_RUNTIME_EXECUTE_TESTING_ARITHMETIC_MODULE_H_

#include <cstdint>

#include "runtime/execute/stage_module.h"

namespace baton {

// For programs of MakePipeline. Element j of a buffer is an int64:
//   input of chunk 0         1000 · micro-batch + j
//   output of chunk c        its input + c + 1
//   gradient into the last   micro-batch + 1 (made there); each chunk on the way back adds 1
// Each backward adds its gradient to the chunk's gradients; Update adds these to its parameters and clears them.
// Thread contract: see StageModule; ownership: none. Bind before the first step.
class ArithmeticModule final : public StageModule {
 public:
  ArithmeticModule(int chunk, int num_chunks, int num_micro_batches, Bytes slot_bytes)
      : chunk_(chunk),
        num_chunks_(num_chunks),
        num_micro_batches_(num_micro_batches),
        num_elements_(slot_bytes / static_cast<Bytes>(sizeof(int64_t))) {}

  // Gradients become zero, parameters stay.
  void Bind(const ChunkState& state);
  // The value that every parameter must have after `num_steps` steps.
  int64_t ExpectedParameter(int num_steps) const;
  int64_t Parameter(int element) const { return parameters_[element]; }
  int64_t num_elements() const { return num_elements_; }

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override;
  absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Update(Stream& stream) override;
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override;

 private:
  bool is_last() const { return chunk_ == num_chunks_ - 1; }
  int64_t InputOf(int micro_batch) const;
  int64_t GradientOf(int micro_batch) const;
  absl::Status Expect(const char* what, const std::byte* buffer, int64_t first, int64_t increment) const;
  void Fill(std::byte* buffer, int64_t first, int64_t increment) const;

  const int chunk_;
  const int num_chunks_;
  const int num_micro_batches_;
  const int64_t num_elements_;
  int64_t* parameters_ = nullptr;
  int64_t* gradients_ = nullptr;
  double norm_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_ARITHMETIC_MODULE_H_
