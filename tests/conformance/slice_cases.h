// Cases of the layers of one member of a tensor-parallel group, without the others: sums over members are left out.
#ifndef BATON_TESTS_CONFORMANCE_SLICE_CASES_H_
#define BATON_TESTS_CONFORMANCE_SLICE_CASES_H_

#include <vector>

#include "tests/conformance/layer_data.h"

namespace baton {

LayerCase WithoutBiasCase(std::vector<int64_t> rows, int64_t inputs, int64_t outputs, DataType type);

// Tokens [begin, end) of a table, and rows of padding.
LayerCase EmbeddingSliceCase(LayerCase whole, int64_t begin, int64_t end, int64_t padding, bool adds_positions);

// Classes [begin, end) of `whole`, and columns of padding.
LayerCase LossSliceCase(int64_t rows, int64_t whole, int64_t begin, int64_t end, int64_t padding, DataType type,
                        double z_loss = 0);

// The rows of `member`, of the sequences that one micro-batch has.
LayerCase DropoutSliceCase(int64_t sequences, int64_t context, int64_t width, int num_members, int member,
                           DataType type);

// The part of a member that leaves the last bias to another one.
LayerCase FeedForwardSliceCase(int64_t rows, int64_t hidden, DataType type);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_SLICE_CASES_H_
