// The layers and shapes that the conformance tests run for every backend.
#ifndef BATON_TESTS_CONFORMANCE_LAYER_CASES_H_
#define BATON_TESTS_CONFORMANCE_LAYER_CASES_H_

#include <vector>

#include "tests/conformance/layer_data.h"

namespace baton {

// Every primitive layer with usual and odd shapes (one row, width 1, context 1, 3 heads of 5, no multiple of a vector
// or block), and composites. Inputs in f32.
std::vector<LayerCase> AllLayerCases();

// A few small cases of every primitive layer, a tiny GPT-2 and a tiny MLP. Inputs in f64.
std::vector<LayerCase> DoubleLayerCases();

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_LAYER_CASES_H_
