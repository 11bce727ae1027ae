// Cases of single layers, each named by its sizes. Inputs have `type`; those of embeddings are tokens.
#ifndef BATON_TESTS_CONFORMANCE_PRIMITIVE_CASES_H_
#define BATON_TESTS_CONFORMANCE_PRIMITIVE_CASES_H_

#include <vector>

#include "tests/conformance/layer_data.h"

namespace baton {

LayerCase LinearCase(std::vector<int64_t> rows, int64_t inputs, int64_t outputs, bool bias, DataType type);
LayerCase EmbeddingCase(int64_t sequences, int64_t context, int64_t width, bool positions);
LayerCase LayerNormCase(int64_t rows, int64_t width, DataType type);
LayerCase ActivationCase(ActivationKind kind, std::vector<int64_t> extents, DataType type);
LayerCase AttentionCase(int64_t sequences, int64_t context, AttentionSpec spec, DataType type);
LayerCase AttentionCase(int64_t sequences, int64_t context, int64_t heads, int64_t head_width, DataType type);
LayerCase RmsNormCase(int64_t rows, int64_t width, int64_t begin, int64_t runs, int64_t rest, DataType type);
LayerCase GateCase(ActivationKind kind, int64_t rows, int64_t width, DataType type);
LayerCase RotaryCase(int64_t context, int64_t heads, int64_t width, int64_t rest, double factor, DataType type,
                     double magnitude = 1);
LayerCase DropoutCase(std::vector<int64_t> extents, double probability, DataType type);
LayerCase SegmentCase(int64_t sequences, int64_t context, int64_t width);
LayerCase ConvolutionCase(std::vector<int64_t> image, int64_t outputs, int64_t kernel, int64_t stride, int64_t padding,
                          bool bias, DataType type);
LayerCase GroupNormCase(std::vector<int64_t> image, int64_t groups, DataType type);
LayerCase BatchNormCase(std::vector<int64_t> image, BatchStatistics statistics, DataType type);
LayerCase PoolCase(PoolKind kind, std::vector<int64_t> image, int64_t kernel, int64_t stride, int64_t padding,
                   DataType type);
LayerCase GlobalAverageCase(std::vector<int64_t> extents, DataType type);
LayerCase PatchesCase(std::vector<int64_t> image, int64_t edge, DataType type);
LayerCase PositionsCase(std::vector<int64_t> rows, bool class_token, DataType type);
LayerCase ColumnsCase(int64_t begin, int64_t end, std::vector<int64_t> rows, DataType type);
LayerCase FirstRowCase(std::vector<int64_t> rows, DataType type);
LayerCase CrossEntropyCase(int64_t rows, int64_t classes, DataType type, double z_loss = 0);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_PRIMITIVE_CASES_H_
