// Attention by cuDNN's fused scaled-dot-product attention, by way of its header-only frontend, which alone takes most
// of a minute to compile: so this file holds nothing else.
#include <cuda_runtime_api.h>
#include <cudnn_frontend.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/fused_attention.h"

namespace baton {
namespace {

namespace frontend = cudnn_frontend;
using Graph = frontend::graph::Graph;
using Tensor = std::shared_ptr<frontend::graph::Tensor_attributes>;
using Pointers = std::unordered_map<int64_t, void*>;

enum Uid : int64_t { kQuery = 1, kKey, kValue, kOutput, kStats, kGradOutput, kGradQuery, kGradKey, kGradValue };

// What the deterministic backward pass may use for the gradients of probabilities. Sequences are independent, so it
// goes over them in groups that stay below.
constexpr Bytes kMostPerGroup = Bytes{512} << 20;
constexpr Bytes kSlack = Bytes{16} << 20;  // for what cuDNN needs besides, of which it says nothing without a device

int64_t RoundUp(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// On Hopper, the gradients of all probabilities of `sequences` in bf16.
Bytes ProbabilityBytes(const AttentionShape& shape, int64_t sequences) {
  return sequences * shape.heads * RoundUp(shape.context, 64) * RoundUp(shape.context, 128) * 2;
}

// The largest divisor of the number of sequences that keeps a group below kMostPerGroup; 1 if none does.
int64_t SequencesPerGroup(const AttentionShape& shape) {
  for (int64_t count = shape.sequences; count > 1; --count) {
    if (shape.sequences % count == 0 && ProbabilityBytes(shape, count) <= kMostPerGroup) return count;
  }
  return 1;
}

// Room for a group's probabilities, the queries' gradients in f32 and two numbers a query.
Bytes WorkspaceLimit(const AttentionShape& shape) {
  const int64_t sequences = SequencesPerGroup(shape);
  const int64_t queries = sequences * shape.heads * shape.context;
  return RoundUp(ProbabilityBytes(shape, sequences) + queries * (shape.head_width + 2) * Bytes{sizeof(float)} + kSlack,
                 kBufferAlignment);
}

// cuDNN's handle of one device and the plans made for it, shared by all layers of the process and never destroyed:
// plans take seconds to make. The mutex holds while work is enqueued, since the handle has one stream at a time.
struct DevicePlans {
  absl::Mutex mutex;
  cudnnHandle_t handle = nullptr;
  // By sequences, context, heads, width of a head, and: is it backward, is it deterministic. Null: there is none.
  std::map<std::tuple<int64_t, int64_t, int64_t, int64_t, bool, bool>, std::shared_ptr<Graph>> graphs;
};

absl::StatusOr<DevicePlans*> CurrentPlans() {
  static auto* const mutex = new absl::Mutex;
  static auto* const devices = new std::map<int, DevicePlans*>;
  int device;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDevice(&device));
  const absl::MutexLock lock(mutex);
  DevicePlans*& plans = (*devices)[device];
  if (plans == nullptr) {
    auto made = std::make_unique<DevicePlans>();
    BATON_RETURN_IF_CUDA_ERROR(cudnnCreate(&made->handle));
    plans = made.release();
  }
  return plans;
}

// [sequences, heads, context, last], where rows of a sequence are `row_stride` apart and heads lie side by side.
Tensor MakeTensor(Graph* graph, Uid uid, const AttentionShape& shape, int64_t row_stride) {
  return graph->tensor(frontend::graph::Tensor_attributes()
                           .set_uid(uid)
                           .set_dim({shape.sequences, shape.heads, shape.context, shape.head_width})
                           .set_stride({shape.context * row_stride, shape.head_width, row_stride, 1}));
}

void DescribeOutput(const Tensor& tensor, Uid uid, const AttentionShape& shape, int64_t row_stride) {
  tensor->set_output(true)
      .set_uid(uid)
      .set_dim({shape.sequences, shape.heads, shape.context, shape.head_width})
      .set_stride({shape.context * row_stride, shape.head_width, row_stride, 1});
}

std::shared_ptr<Graph> NewGraph() {
  auto graph = std::make_shared<Graph>();
  graph->set_io_data_type(frontend::DataType_t::BFLOAT16)
      .set_intermediate_data_type(frontend::DataType_t::FLOAT)
      .set_compute_data_type(frontend::DataType_t::FLOAT);
  return graph;
}

float ScoreScale(const AttentionShape& shape) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape.head_width)));
}

std::shared_ptr<Graph> ForwardGraph(const AttentionShape& shape) {
  const int64_t width = shape.heads * shape.head_width;
  std::shared_ptr<Graph> graph = NewGraph();
  const Tensor query = MakeTensor(graph.get(), kQuery, shape, 3 * width);
  const Tensor key = MakeTensor(graph.get(), kKey, shape, 3 * width);
  const Tensor value = MakeTensor(graph.get(), kValue, shape, 3 * width);
  auto options = frontend::graph::SDPA_attributes().set_name("attention").set_generate_stats(true);
  options.set_causal_mask(true).set_attn_scale(ScoreScale(shape));
  const auto [output, stats] = graph->sdpa(query, key, value, options);
  DescribeOutput(output, kOutput, shape, width);
  stats->set_output(true)
      .set_uid(kStats)
      .set_data_type(frontend::DataType_t::FLOAT)
      .set_dim({shape.sequences, shape.heads, shape.context, 1})
      .set_stride({shape.heads * shape.context, shape.context, 1, 1});
  return graph;
}

std::shared_ptr<Graph> BackwardGraph(const AttentionShape& shape, bool deterministic) {
  const int64_t width = shape.heads * shape.head_width;
  std::shared_ptr<Graph> graph = NewGraph();
  const Tensor query = MakeTensor(graph.get(), kQuery, shape, 3 * width);
  const Tensor key = MakeTensor(graph.get(), kKey, shape, 3 * width);
  const Tensor value = MakeTensor(graph.get(), kValue, shape, 3 * width);
  const Tensor output = MakeTensor(graph.get(), kOutput, shape, width);
  const Tensor grad_output = MakeTensor(graph.get(), kGradOutput, shape, width);
  const Tensor stats = graph->tensor(frontend::graph::Tensor_attributes()
                                         .set_uid(kStats)
                                         .set_data_type(frontend::DataType_t::FLOAT)
                                         .set_dim({shape.sequences, shape.heads, shape.context, 1})
                                         .set_stride({shape.heads * shape.context, shape.context, 1, 1}));
  auto options = frontend::graph::SDPA_backward_attributes().set_name("attention backward");
  options.set_causal_mask(true).set_attn_scale(ScoreScale(shape)).set_deterministic_algorithm(deterministic);
  const auto [grad_query, grad_key, grad_value] =
      graph->sdpa_backward(query, key, value, output, grad_output, stats, options);
  DescribeOutput(grad_query, kGradQuery, shape, 3 * width);
  DescribeOutput(grad_key, kGradKey, shape, 3 * width);
  DescribeOutput(grad_value, kGradValue, shape, 3 * width);
  return graph;
}

// Makes a plan that needs no more than `workspace`. Errors: Unimplemented, in cuDNN's words.
absl::Status Build(cudnnHandle_t handle, Bytes workspace, Graph* graph) {
  const auto check = [](frontend::error_t error) {
    if (error.is_good()) return absl::OkStatus();
    return absl::UnimplementedError(error.get_message());
  };
  BATON_RETURN_IF_ERROR(check(graph->validate()));
  BATON_RETURN_IF_ERROR(check(graph->build_operation_graph(handle)));
  BATON_RETURN_IF_ERROR(check(graph->create_execution_plans({frontend::HeurMode_t::A})));
  graph->deselect_workspace_greater_than(workspace);
  BATON_RETURN_IF_ERROR(check(graph->check_support()));
  BATON_RETURN_IF_ERROR(check(graph->build_plans()));
  int64_t needed = 0;
  BATON_RETURN_IF_ERROR(check(graph->get_workspace_size(needed)));
  if (needed <= workspace) return absl::OkStatus();
  return absl::UnimplementedError(absl::StrCat("it needs ", needed, " bytes, but ", workspace, " were planned"));
}

// The frontend throws where its own checks do not reach.
template <typename Function>
absl::Status CatchFrontendErrors(absl::StatusCode code, Function function) {
  try {
    return function();
  } catch (const std::exception& error) {
    return absl::Status(code, absl::StrCat("cuDNN's frontend says: ", error.what()));
  }
}

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
    Pointers pointers = InputPointers(x);
    pointers[kOutput] = y;
    pointers[kStats] = log_sums;
    return Execute(stream, shape_, /*backward=*/false, &pointers, scratch);
  }

  absl::Status Backward(KernelStream stream, const void* x, const void* y, const float* log_sums, const void* dy,
                        void* dx, std::byte* scratch) override {
    constexpr Bytes kElement = 2;
    const int64_t width = shape_.heads * shape_.head_width;
    const int64_t rows = group_.sequences * shape_.context;
    for (int64_t group = 0; group < num_groups_; ++group) {
      const Bytes output_offset = group * rows * width * kElement;
      Pointers pointers = InputPointers(static_cast<const std::byte*>(x) + 3 * output_offset);
      pointers[kOutput] = Writable(static_cast<const std::byte*>(y) + output_offset);
      pointers[kStats] = Writable(log_sums + group * rows * shape_.heads);
      pointers[kGradOutput] = Writable(static_cast<const std::byte*>(dy) + output_offset);
      std::byte* const grad_query = static_cast<std::byte*>(dx) + 3 * output_offset;
      pointers[kGradQuery] = grad_query;
      pointers[kGradKey] = grad_query + width * kElement;
      pointers[kGradValue] = grad_query + 2 * width * kElement;
      BATON_RETURN_IF_ERROR(Execute(stream, group_, /*backward=*/true, &pointers, scratch));
    }
    return absl::OkStatus();
  }

 private:
  // The frontend takes pointers to what it only reads, too, as writable.
  static void* Writable(const void* data) { return const_cast<void*>(data); }

  Pointers InputPointers(const void* x) const {
    const std::byte* const query = static_cast<const std::byte*>(x);
    const Bytes width = shape_.heads * shape_.head_width * 2;
    return {{kQuery, Writable(query)}, {kKey, Writable(query + width)}, {kValue, Writable(query + 2 * width)}};
  }

  absl::Status Execute(KernelStream stream, const AttentionShape& shape, bool backward, Pointers* pointers,
                       std::byte* scratch) const {
    BATON_ASSIGN_OR_RETURN(DevicePlans* const plans, CurrentPlans());
    const absl::MutexLock lock(&plans->mutex);
    BATON_ASSIGN_OR_RETURN(const std::shared_ptr<Graph> graph, FindOrBuild(plans, shape, backward));
    BATON_RETURN_IF_CUDA_ERROR(cudnnSetStream(plans->handle, static_cast<cudaStream_t>(stream.native_handle)));
    void* const workspace = reinterpret_cast<void*>(RoundUp(reinterpret_cast<int64_t>(scratch), 256));
    return CatchFrontendErrors(absl::StatusCode::kInternal, [&] {
      frontend::error_t error = graph->execute(plans->handle, *pointers, workspace);
      if (error.is_good()) return absl::OkStatus();
      return absl::InternalError(absl::StrCat("cuDNN's attention failed: ", error.get_message()));
    });
  }

  // Errors: Unimplemented if cuDNN has no plan for the shape.
  absl::StatusOr<std::shared_ptr<Graph>> FindOrBuild(DevicePlans* plans, const AttentionShape& shape,
                                                     bool backward) const {
    const auto [place, is_new] = plans->graphs.try_emplace(
        {shape.sequences, shape.context, shape.heads, shape.head_width, backward, deterministic_});
    if (is_new) {
      std::shared_ptr<Graph> graph;
      const absl::Status status = CatchFrontendErrors(absl::StatusCode::kUnimplemented, [&] {
        graph = backward ? BackwardGraph(shape, deterministic_) : ForwardGraph(shape);
        return Build(plans->handle, workspace_, graph.get());
      });
      if (status.ok()) {
        place->second = std::move(graph);
      } else {
        // Said once a shape, since what takes over is much slower.
        std::fprintf(stderr, "attention: cuDNN has no %s kernel for %lld heads of %lld, so Baton's own is used: %s\n",
                     backward ? "backward" : "forward", static_cast<long long>(shape.heads),
                     static_cast<long long>(shape.head_width), std::string(status.message()).c_str());
      }
    }
    if (place->second == nullptr) return absl::UnimplementedError("cuDNN has no attention kernel for this shape");
    return place->second;
  }

  const AttentionShape shape_;
  AttentionShape group_;  // of one call of the backward pass
  const int64_t num_groups_;
  const Bytes workspace_;
  const bool deterministic_;
};

}  // namespace

std::unique_ptr<FusedAttention> CreateFusedAttention(const AttentionShape& shape, bool deterministic) {
  // cuDNN's own limits for training on Ampere and later.
  if (shape.type != DataType::kBFloat16 || shape.head_width % 8 != 0 || shape.head_width > 128) return nullptr;
  return std::make_unique<CudnnAttention>(shape, deterministic);
}

}  // namespace baton
