// A stage module whose calls take very different times. Used by tests of the executor.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_UNEVEN_MODULE_H_
#define BATON_RUNTIME_EXECUTE_TESTING_UNEVEN_MODULE_H_

#include <chrono>
#include <random>
#include <thread>

#include "runtime/execute/stage_module.h"

namespace baton {

// Passes calls on to `module`, and sleeps before some of them, for a time drawn anew, so that workers meet in many
// orders. Thread contract: see StageModule. Borrows the module.
class UnevenModule final : public StageModule {
 public:
  UnevenModule(StageModule* module, uint32_t seed) : module_(module), random_(seed) {}
  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override {
    Dawdle();
    return module_->Load(stream, kind, micro_batch, slot);
  }
  absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    Dawdle();
    return module_->Forward(stream, micro_batch, buffers);
  }
  absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    Dawdle();
    return module_->Backward(stream, micro_batch, buffers);
  }
  absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    Dawdle();
    return module_->BackwardInput(stream, micro_batch, buffers);
  }
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    Dawdle();
    return module_->BackwardWeight(stream, micro_batch, buffers);
  }
  absl::Status Recompute(Stream& stream, int micro_batch, const PassBuffers& buffers) override {
    Dawdle();
    return module_->Recompute(stream, micro_batch, buffers);
  }
  absl::Status Update(Stream& stream) override {
    Dawdle();
    return module_->Update(stream);
  }
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override {
    Dawdle();
    return module_->PrepareReduce(stream, group, member);
  }

 private:
  void Dawdle() {
    const uint32_t draw = random_();
    if (draw % 4 == 0) std::this_thread::sleep_for(std::chrono::microseconds(draw % 300));
  }

  StageModule* const module_;
  std::minstd_rand random_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_UNEVEN_MODULE_H_
