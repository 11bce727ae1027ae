// Layers of the host whose results depend on no part's bounds: one thread and several give the same bits. Shapes are
// large enough for each thread to have a part.
#include <catch2/catch.hpp>

#include "ops/host/host_backend.h"
#include "tests/conformance/layer_run.h"

namespace baton {
namespace {

LayerCase SlicedCrossEntropy() {
  CrossEntropySpec spec;
  spec.classes = 1024;
  spec.loss_rows = 200;
  spec.slice.whole = 2048;
  spec.slice.ranges = {{1024, 2048}};
  LayerCase sliced{"sliced cross-entropy", {spec}, Shape(DataType::kFloat32, {2, 100, 1024})};
  sliced.num_classes = 2048;
  return sliced;
}

LayerCase SegmentedEmbedding() {
  EmbeddingSpec spec;
  spec.token_name = "tokens";
  spec.position_name = "positions";
  spec.segment_name = "segments";
  spec.vocabulary = 50;
  spec.context = 64;
  spec.segments = 3;
  spec.width = 320;
  LayerCase embedding{"embedding with segments", {spec}, Shape(DataType::kInt32, {4, 64})};
  embedding.num_tokens = 150;
  return embedding;
}

LayerCase GroupNorm() {
  GroupNormSpec spec;
  spec.name = "norm";
  spec.channels = 12;
  spec.groups = 4;
  return {"group norm", {spec}, Shape(DataType::kFloat32, {3, 12, 64, 64})};
}

LayerCase Dropout() {
  DropoutSpec spec;
  spec.name = "dropout";
  spec.probability = 0.3;
  // Sequences of no whole number of steps.
  return {"dropout", {spec}, Shape(DataType::kFloat32, {5, 77, 131})};
}

BackendUnderTest HostOf(int threads) {
  HostOptions options;
  options.threads = threads;
  return InOwnMemory("host", std::make_shared<HostBackend>(options));
}

TEST_CASE("the number of threads does not change the bits") {
  const LayerCase layer_case = GENERATE(SlicedCrossEntropy(), SegmentedEmbedding(), GroupNorm(), Dropout());
  CAPTURE(layer_case.name);
  const LayerData data = RandomLayerData(layer_case, 2, 7).value();
  const LayerRun one = RunLayer(HostOf(1), layer_case, data).value();
  for (const int threads : {2, 3, 7}) {
    const LayerRun several = RunLayer(HostOf(threads), layer_case, data).value();
    CHECK(several.outputs == one.outputs);
    CHECK(several.loss == one.loss);
    CHECK(several.grad_inputs == one.grad_inputs);
    CHECK(several.gradients == one.gradients);
  }
}

}  // namespace
}  // namespace baton
