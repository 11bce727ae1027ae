// Makes the table that the kernels read, and launches them.
#include "ops/cuda/cuda_optimizer.h"

#include <cuda_runtime_api.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/cuda_status.h"
#include "base/kernel_observer.h"
#include "base/status.h"
#include "ops/cuda/kernels/optimizer.h"

namespace baton {
namespace {

// Owns the table's device memory. Thread contract and lifecycle: Optimizer's.
class CudaOptimizer final : public Optimizer {
 public:
  explicit CudaOptimizer(std::vector<OptimizedParameter> parameters) : parameters_(std::move(parameters)) {}
  ~CudaOptimizer() override {
    if (memory_ != nullptr) cudaFree(memory_);
  }

  absl::Status SquaredNorms(KernelStream stream, absl::Span<const double> losses, double* norms,
                            int64_t num_norms) override {
    BATON_RETURN_IF_ERROR(Prepare());
    const KernelScope scope(stream.native_handle, [&] { return Work("norms", 4); });
    return LaunchSquaredNorms(stream, table_, losses, norms, num_norms);
  }

  absl::Status JoinNorms(KernelStream stream, const CutNorms& cuts, double* norms) override {
    return LaunchJoinNorms(stream, cuts, norms);
  }

  absl::Status Update(KernelStream stream, const double* norms, int64_t num_norms, const UpdateControl* control,
                      double* gradient_norm) override {
    BATON_RETURN_IF_ERROR(Prepare());
    const KernelScope scope(stream.native_handle, [&] { return Work("update", 4 * 4 + 4 * 4); });
    return LaunchUpdate(stream, table_, norms, num_norms, control, gradient_norm);
  }

  absl::Status RoundValues(KernelStream stream) override {
    BATON_RETURN_IF_ERROR(Prepare());
    const KernelScope scope(stream.native_handle, [&] { return Work("round", 4); });
    return LaunchRoundValues(stream, table_);
  }

 private:
  // For KernelScope. `bytes`: read and written for each element, working copies apart.
  KernelWork Work(absl::string_view pass, int bytes) const {
    int64_t elements = 0, copies = 0, narrow = 0;
    for (const OptimizedParameter& parameter : parameters_) {
      elements += parameter.num_elements;
      if (parameter.working != nullptr && pass != "norms") copies += parameter.num_elements;
      if (parameter.type == DataType::kBFloat16 && pass == "update") narrow += parameter.num_elements;
    }
    return {"optimizer", absl::StrCat("pass=", pass, " elements=", elements),
            static_cast<double>(elements * bytes + 2 * copies - 4 * narrow), 0};
  }

  absl::Status Prepare() {
    if (memory_ != nullptr) return absl::OkStatus();
    const std::vector<ParameterEntry> entries = MakeParameterEntries(parameters_);
    const size_t entry_bytes = AlignUp(entries.size() * sizeof(ParameterEntry));
    const int64_t num_pieces = entries.back().first_piece;
    const size_t sum_bytes = AlignUp(num_pieces * sizeof(double));
    std::byte* memory;
    BATON_RETURN_IF_CUDA_ERROR(
        cudaMalloc(reinterpret_cast<void**>(&memory), entry_bytes + sum_bytes + sizeof(AdamWFactors)));
    memory_ = memory;
    BATON_RETURN_IF_CUDA_ERROR(
        cudaMemcpy(memory, entries.data(), entries.size() * sizeof(ParameterEntry), cudaMemcpyHostToDevice));
    // A copy from pageable memory may return before the data have arrived, and Baton's streams do not wait for the
    // default stream.
    BATON_RETURN_IF_CUDA_ERROR(cudaStreamSynchronize(nullptr));
    table_.entries = reinterpret_cast<const ParameterEntry*>(memory);
    table_.num_entries = static_cast<int64_t>(parameters_.size());
    table_.num_pieces = num_pieces;
    table_.piece_sums = reinterpret_cast<double*>(memory + entry_bytes);
    table_.factors = reinterpret_cast<AdamWFactors*>(memory + entry_bytes + sum_bytes);
    return absl::OkStatus();
  }

  const std::vector<OptimizedParameter> parameters_;
  std::byte* memory_ = nullptr;
  OptimizerTable table_;
};

}  // namespace

std::unique_ptr<Optimizer> CreateCudaOptimizer(std::vector<OptimizedParameter> parameters) {
  return std::make_unique<CudaOptimizer>(std::move(parameters));
}

}  // namespace baton
