// Draws the data of a case.
#include "tests/conformance/layer_data.h"

#include <memory>
#include <random>
#include <utility>

#include "base/status.h"
#include "ops/layers/build.h"
#include "tests/conformance/backends.h"
#include "tests/conformance/guarded_buffer.h"

namespace baton {

std::ostream& operator<<(std::ostream& out, const LayerCase& layer_case) {
  return out << layer_case.name << " on " << layer_case.input.ToString();
}

absl::StatusOr<LayerData> RandomLayerData(const LayerCase& layer_case, int num_micro_batches, int seed) {
  const DataType type = layer_case.input.type() == DataType::kFloat64 ? DataType::kFloat64 : DataType::kFloat32;
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer,
                         BuildLayer(*ReferenceUnderTest(type).backend, layer_case.spec, layer_case.input));
  std::mt19937 engine(seed);
  const auto uniform = [&](int64_t count, double scale) {
    std::vector<double> values(count);
    for (double& value : values) {
      value = static_cast<float>(scale * (engine() / 2147483648.0 - 1));
    }
    return values;
  };
  const auto ids = [&](int64_t count, int64_t limit) {
    std::vector<int32_t> values(count);
    for (int32_t& value : values) value = static_cast<int32_t>(engine() % limit);
    return values;
  };
  LayerData data;
  for (const ParameterSpec& parameter : layer->parameters()) {
    std::vector<double>& values = data.parameters[parameter.name];
    if (!values.empty()) continue;
    values = uniform(parameter.shape.NumElements(), 0.5);
    // A variance is positive.
    if (parameter.is_statistic) {
      for (double& value : values) value += 1;
      data.statistics.insert(parameter.name);
    }
  }
  for (int i = 0; i < num_micro_batches; ++i) {
    MicroBatchData micro_batch;
    micro_batch.first_sequence = i * layer_case.input[0];
    if (layer_case.input.type() == DataType::kInt32) {
      micro_batch.tokens = ids(layer_case.input.NumElements(), layer_case.num_tokens);
    } else {
      micro_batch.input = uniform(layer_case.input.NumElements(), layer_case.scale);
    }
    if (layer_case.num_classes > 0) {
      const Shape& input = layer_case.input;
      const int64_t rows = input.type() == DataType::kInt32 ? input.NumElements()
                           : input.rank() == 4              ? input[0]
                                                            : input.NumElements() / input.extents().back();
      micro_batch.targets = ids(rows, layer_case.num_classes);
    }
    micro_batch.grad_output = uniform(layer->output_shape().NumElements(), 1.0);
    data.micro_batches.push_back(std::move(micro_batch));
  }
  return data;
}

void RoundToBFloat16(LayerData* data) {
  const auto round = [](std::vector<double>* values) {
    for (double& value : *values) value = FromBFloat16Bits(ToBFloat16Bits(static_cast<float>(value)));
  };
  for (auto& [name, values] : data->parameters) round(&values);
  for (MicroBatchData& micro_batch : data->micro_batches) {
    round(&micro_batch.input);
    round(&micro_batch.grad_output);
  }
}

}  // namespace baton
