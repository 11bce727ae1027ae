// Attention by cuDNN's fused scaled-dot-product attention. Keeps cuDNN's handles and plans, and runs the plans.
#include <cuda_runtime_api.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/statusor.h"
#include "base/cuda_status.h"
#include "base/mutex.h"
#include "base/status.h"
#include "ops/cuda/cudnn_plan.h"
#include "ops/cuda/fused_attention.h"

namespace baton {
namespace {

// Limit on the probabilities' gradients that the deterministic backward pass stores at once. Sequences are independent,
// so the pass goes over groups of sequences that stay below the limit.
constexpr Bytes kMostPerGroup = Bytes{512} << 20;
// For cuDNN's other needs, which it does not state without a device.
constexpr Bytes kSlack = Bytes{16} << 20;

int64_t RoundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// The size of the probabilities' gradients of `sequences` in bf16, as Hopper's kernel pads them.
Bytes ProbabilityBytes(const AttentionShape& shape, int64_t sequences) {
  return sequences * shape.heads * RoundUp(shape.context, 64) * RoundUp(shape.context, 128) * 2;
}

// The largest divisor of shape.sequences whose group stays below kMostPerGroup; 1 if none does.
int64_t SequencesPerGroup(const AttentionShape& shape) {
  for (int64_t count = shape.sequences; count > 1; --count) {
    if (shape.sequences % count == 0 && ProbabilityBytes(shape, count) <= kMostPerGroup) return count;
  }
  return 1;
}

// The workspace of a group: its probabilities' gradients, the gradients of queries in f32 and two numbers a query; if
// heads share keys, the gradients of keys and values of each head, too.
Bytes WorkspaceLimit(const AttentionShape& shape) {
  const int64_t sequences = SequencesPerGroup(shape);
  const int64_t queries = sequences * shape.heads * shape.context;
  const int64_t gradients = shape.HeadsPerKey() > 1 ? 3 : 1;
  return RoundUp(
      ProbabilityBytes(shape, sequences) + queries * (gradients * shape.head_width + 2) * Bytes{sizeof(float)} + kSlack,
      kBufferAlignment);
}

// cuDNN's handle for one device and the plans made for it. Shared by all layers of the process and never destroyed,
// since plans take seconds to make.
struct DevicePlans {
  // Held while work is enqueued, since the handle has one stream at a time.
  Mutex mutex;
  cudnnHandle_t handle = nullptr;
  // By sequences, context, heads, head width, key-value heads, causal, backward, deterministic. Null: cuDNN has no
  // plan.
  std::map<std::tuple<int64_t, int64_t, int64_t, int64_t, int64_t, bool, bool, bool>, std::unique_ptr<CudnnPlan>> plans;
};

// The plans of the current device. Errors: Internal if CUDA or cuDNN fails.
absl::StatusOr<DevicePlans*> CurrentPlans() {
  static auto* const mutex = new Mutex;
  static auto* const devices = new std::map<int, DevicePlans*>;
  int device;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDevice(&device));
  const MutexLock lock(mutex);
  DevicePlans*& plans = (*devices)[device];
  if (plans == nullptr) {
    auto made = std::make_unique<DevicePlans>();
    BATON_RETURN_IF_CUDA_ERROR(cudnnCreate(&made->handle));
    plans = made.release();
  }
  return plans;
}

// The backward pass runs in groups of sequences, so that its workspace stays below WorkspaceLimit.
class CudnnAttention final : public FusedAttention {
 public:
  CudnnAttention(const AttentionShape& shape, bool deterministic)
      : shape_(shape),
        group_(shape),
        num_groups_(shape.sequences / SequencesPerGroup(shape)),
        workspace_(WorkspaceLimit(shape)),
        deterministic_(deterministic) {
    group_.sequences = SequencesPerGroup(shape);
  }

  Bytes ScratchBytes() const override { return workspace_ + 256; }

  absl::Status Forward(KernelStream stream, const void* x, void* y, float* log_sums, std::byte* scratch) override {
    CudnnPointers pointers = InputPointers(x);
    pointers[kOutput] = y;
    pointers[kStats] = log_sums;
    return Execute(stream, shape_, /*backward=*/false, &pointers, scratch);
  }

  absl::Status Backward(KernelStream stream, const void* x, const void* y, const float* log_sums, const void* dy,
                        void* dx, std::byte* scratch) override {
    constexpr Bytes kElement = 2;
    const int64_t rows = group_.sequences * shape_.context;
    for (int64_t group = 0; group < num_groups_; ++group) {
      const Bytes output_offset = group * rows * shape_.Width() * kElement;
      const Bytes input_offset = group * rows * shape_.RowWidth() * kElement;
      CudnnPointers pointers = InputPointers(static_cast<const std::byte*>(x) + input_offset);
      pointers[kOutput] = Writable(static_cast<const std::byte*>(y) + output_offset);
      pointers[kStats] = Writable(log_sums + group * rows * shape_.heads);
      pointers[kGradOutput] = Writable(static_cast<const std::byte*>(dy) + output_offset);
      std::byte* const grad_query = static_cast<std::byte*>(dx) + input_offset;
      pointers[kGradQuery] = grad_query;
      pointers[kGradKey] = grad_query + shape_.Width() * kElement;
      pointers[kGradValue] = grad_query + (shape_.Width() + shape_.KeyWidth()) * kElement;
      BATON_RETURN_IF_ERROR(Execute(stream, group_, /*backward=*/true, &pointers, scratch));
    }
    return absl::OkStatus();
  }

 private:
  // The frontend takes writable pointers even to tensors that it only reads.
  static void* Writable(const void* data) { return const_cast<void*>(data); }

  // Queries, keys and values of x, which lie side by side.
  CudnnPointers InputPointers(const void* x) const {
    const std::byte* const query = static_cast<const std::byte*>(x);
    const Bytes key = shape_.Width() * 2;
    const Bytes value = key + shape_.KeyWidth() * 2;
    return {{kQuery, Writable(query)}, {kKey, Writable(query + key)}, {kValue, Writable(query + value)}};
  }

  // Errors: Unimplemented if cuDNN has no plan for the shape; Internal if cuDNN fails.
  absl::Status Execute(KernelStream stream, const AttentionShape& shape, bool backward, CudnnPointers* pointers,
                       std::byte* scratch) const {
    BATON_ASSIGN_OR_RETURN(DevicePlans* const plans, CurrentPlans());
    const MutexLock lock(&plans->mutex);
    const CudnnPlan* const plan = FindOrCreate(plans, shape, backward);
    if (plan == nullptr) return absl::UnimplementedError("cuDNN has no attention kernel for this shape");
    BATON_RETURN_IF_CUDA_ERROR(cudnnSetStream(plans->handle, static_cast<cudaStream_t>(stream.native_handle)));
    void* const workspace = reinterpret_cast<void*>(RoundUp(reinterpret_cast<int64_t>(scratch), 256));
    return plan->Execute(plans->handle, pointers, workspace);
  }

  // Null if cuDNN has no plan for the shape.
  const CudnnPlan* FindOrCreate(DevicePlans* plans, const AttentionShape& shape, bool backward) const {
    const auto [entry, is_new] =
        plans->plans.try_emplace({shape.sequences, shape.context, shape.heads, shape.head_width, shape.key_value_heads,
                                  shape.causal, backward, deterministic_});
    if (!is_new) return entry->second.get();
    absl::StatusOr<std::unique_ptr<CudnnPlan>> plan =
        CudnnPlan::Create(plans->handle, {shape, backward, deterministic_, workspace_});
    if (plan.ok()) {
      entry->second = *std::move(plan);
    } else {
      // A warning once a shape, since Baton's own kernels are much slower.
      std::fprintf(stderr, "attention: cuDNN has no %s kernel for %lld heads of %lld, so Baton's own is used: %s\n",
                   backward ? "backward" : "forward", static_cast<long long>(shape.heads),
                   static_cast<long long>(shape.head_width), std::string(plan.status().message()).c_str());
    }
    return entry->second.get();
  }

  const AttentionShape shape_;
  AttentionShape group_;  // of one run of the backward pass
  const int64_t num_groups_;
  const Bytes workspace_;
  const bool deterministic_;
};

}  // namespace

std::unique_ptr<FusedAttention> CreateFusedAttention(const AttentionShape& shape, bool deterministic) {
  // Baton's own kernels skip the keys before a window.
  if (shape.window != 0) return nullptr;
  // cuDNN's limits for training on Ampere and later.
  if (shape.type != DataType::kBFloat16 || shape.head_width % 8 != 0 || shape.head_width > 128) return nullptr;
  return std::make_unique<CudnnAttention>(shape, deterministic);
}

}  // namespace baton
