// A training step as one CUDA graph. Made by CudaDevice for the executor.
//
//   origin      ─┬─ fork ──────────────────────────────┬─ join ─  end
//   compute 0    ├──── F0 ── F1 ──────── B0 … ─────────┤
//   send 0→1     ├──────── copy ── copy ───────────────┤
//   compute 1    └────────────── F0 ── B0 … ───────────┘
#ifndef BATON_RUNTIME_DEVICE_CUDA_CUDA_STEP_GRAPH_H_
#define BATON_RUNTIME_DEVICE_CUDA_CUDA_STEP_GRAPH_H_

#include <cuda_runtime_api.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/step_graph.h"

namespace baton {

// Thread contract, lifecycle: see StepGraph. Borrows the devices. One capture spans all GPUs: every stream of every
// device forks from one origin stream and joins it again.
class CudaStepGraph final : public StepGraph {
 public:
  // Errors: those of CUDA.
  static absl::StatusOr<std::unique_ptr<CudaStepGraph>> Create(std::vector<CudaDevice*> devices, bool timed);
  ~CudaStepGraph() override;

  absl::Status Begin() override;
  absl::Status End() override;
  absl::Status Launch() override;
  absl::StatusOr<bool> Done() override;

 private:
  CudaStepGraph(std::vector<CudaDevice*> devices, bool timed) : devices_(std::move(devices)), timed_(timed) {}

  absl::Status Fork();
  absl::Status Join();
  void SetRecording(const CudaRecording& recording);

  const std::vector<CudaDevice*> devices_;
  const bool timed_;
  cudaStream_t origin_ = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DEVICE_CUDA_CUDA_STEP_GRAPH_H_
