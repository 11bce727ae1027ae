// Describes attention to cuDNN's header-only frontend. It takes most of a minute to compile, so this file holds nothing
// else.
#include "ops/cuda/cudnn_plan.h"

#include <cudnn_frontend.h>

#include <cmath>
#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

namespace frontend = cudnn_frontend;
using FrontendGraph = frontend::graph::Graph;
using Tensor = std::shared_ptr<frontend::graph::Tensor_attributes>;

// An input [sequences, heads, context, head_width]; of keys and values, shape.key_value_heads. The heads of a row lie
// side by side; the rows of a sequence are `row_stride` elements apart.
Tensor MakeTensor(FrontendGraph* graph, CudnnTensor uid, const AttentionShape& shape, int64_t heads,
                  int64_t row_stride) {
  return graph->tensor(frontend::graph::Tensor_attributes()
                           .set_uid(uid)
                           .set_dim({shape.sequences, heads, shape.context, shape.head_width})
                           .set_stride({shape.context * row_stride, shape.head_width, row_stride, 1}));
}

// Makes `tensor` an output with MakeTensor's layout.
void DescribeOutput(const Tensor& tensor, CudnnTensor uid, const AttentionShape& shape, int64_t heads,
                    int64_t row_stride) {
  tensor->set_output(true)
      .set_uid(uid)
      .set_dim({shape.sequences, heads, shape.context, shape.head_width})
      .set_stride({shape.context * row_stride, shape.head_width, row_stride, 1});
}

std::shared_ptr<FrontendGraph> NewGraph() {
  auto graph = std::make_shared<FrontendGraph>();
  graph->set_io_data_type(frontend::DataType_t::BFLOAT16)
      .set_intermediate_data_type(frontend::DataType_t::FLOAT)
      .set_compute_data_type(frontend::DataType_t::FLOAT);
  return graph;
}

float ScoreScale(const AttentionShape& shape) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape.head_width)));
}

std::shared_ptr<FrontendGraph> ForwardGraph(const AttentionShape& shape) {
  std::shared_ptr<FrontendGraph> graph = NewGraph();
  const Tensor query = MakeTensor(graph.get(), kQuery, shape, shape.heads, shape.RowWidth());
  const Tensor key = MakeTensor(graph.get(), kKey, shape, shape.key_value_heads, shape.RowWidth());
  const Tensor value = MakeTensor(graph.get(), kValue, shape, shape.key_value_heads, shape.RowWidth());
  auto options = frontend::graph::SDPA_attributes().set_name("attention").set_generate_stats(true);
  options.set_causal_mask(shape.causal).set_attn_scale(ScoreScale(shape));
  const auto [output, stats] = graph->sdpa(query, key, value, options);
  DescribeOutput(output, kOutput, shape, shape.heads, shape.Width());
  stats->set_output(true)
      .set_uid(kStats)
      .set_data_type(frontend::DataType_t::FLOAT)
      .set_dim({shape.sequences, shape.heads, shape.context, 1})
      .set_stride({shape.heads * shape.context, shape.context, 1, 1});
  return graph;
}

std::shared_ptr<FrontendGraph> BackwardGraph(const AttentionShape& shape, bool deterministic) {
  std::shared_ptr<FrontendGraph> graph = NewGraph();
  const Tensor query = MakeTensor(graph.get(), kQuery, shape, shape.heads, shape.RowWidth());
  const Tensor key = MakeTensor(graph.get(), kKey, shape, shape.key_value_heads, shape.RowWidth());
  const Tensor value = MakeTensor(graph.get(), kValue, shape, shape.key_value_heads, shape.RowWidth());
  const Tensor output = MakeTensor(graph.get(), kOutput, shape, shape.heads, shape.Width());
  const Tensor grad_output = MakeTensor(graph.get(), kGradOutput, shape, shape.heads, shape.Width());
  const Tensor stats = graph->tensor(frontend::graph::Tensor_attributes()
                                         .set_uid(kStats)
                                         .set_data_type(frontend::DataType_t::FLOAT)
                                         .set_dim({shape.sequences, shape.heads, shape.context, 1})
                                         .set_stride({shape.heads * shape.context, shape.context, 1, 1}));
  auto options = frontend::graph::SDPA_backward_attributes().set_name("attention backward");
  options.set_causal_mask(shape.causal).set_attn_scale(ScoreScale(shape)).set_deterministic_algorithm(deterministic);
  const auto [grad_query, grad_key, grad_value] =
      graph->sdpa_backward(query, key, value, output, grad_output, stats, options);
  DescribeOutput(grad_query, kGradQuery, shape, shape.heads, shape.RowWidth());
  DescribeOutput(grad_key, kGradKey, shape, shape.key_value_heads, shape.RowWidth());
  DescribeOutput(grad_value, kGradValue, shape, shape.key_value_heads, shape.RowWidth());
  return graph;
}

// Makes a plan that needs no more than `workspace` bytes. Errors: Unimplemented, with cuDNN's message.
absl::Status BuildPlan(cudnnHandle_t handle, Bytes workspace, FrontendGraph* graph) {
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
  return absl::UnimplementedError(
      absl::StrCat("the plan needs a workspace of ", needed, " bytes; at most ", workspace, " are allowed"));
}

// Returns `function`'s status. The frontend throws on errors that its own checks do not find; these become `code`.
template <typename Function>
absl::Status CatchFrontendErrors(absl::StatusCode code, Function function) {
  try {
    return function();
  } catch (const std::exception& error) {
    return absl::Status(code, absl::StrCat("cuDNN's frontend failed: ", error.what()));
  }
}

}  // namespace

struct CudnnPlan::Graph {
  std::shared_ptr<FrontendGraph> frontend;
};

CudnnPlan::CudnnPlan(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}
CudnnPlan::~CudnnPlan() = default;

absl::StatusOr<std::unique_ptr<CudnnPlan>> CudnnPlan::Create(cudnnHandle_t handle, const Request& request) {
  auto graph = std::make_unique<Graph>();
  BATON_RETURN_IF_ERROR(CatchFrontendErrors(absl::StatusCode::kUnimplemented, [&] {
    graph->frontend =
        request.backward ? BackwardGraph(request.shape, request.deterministic) : ForwardGraph(request.shape);
    return BuildPlan(handle, request.workspace, graph->frontend.get());
  }));
  return std::unique_ptr<CudnnPlan>(new CudnnPlan(std::move(graph)));
}

absl::Status CudnnPlan::Execute(cudnnHandle_t handle, CudnnPointers* pointers, void* workspace) const {
  return CatchFrontendErrors(absl::StatusCode::kInternal, [&] {
    frontend::error_t error = graph_->frontend->execute(handle, *pointers, workspace);
    if (error.is_good()) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("cuDNN's attention failed: ", error.get_message()));
  });
}

}  // namespace baton
