// The tables of layers and shapes that every backend is tried on. Used by the conformance tests.
#ifndef BATON_TESTS_CONFORMANCE_LAYER_CASES_H_
#define BATON_TESTS_CONFORMANCE_LAYER_CASES_H_

#include <vector>

#include "tests/conformance/layer_run.h"

namespace baton {

// Every primitive layer over usual and odd shapes (one row, width 1, context 1, 3 heads of 5, no multiple of a vector
// or block), and composites of them. f32.
std::vector<LayerCase> AllLayerCases();

// A few small ones of every primitive, and a whole tiny GPT and MLP; inputs in f64.
std::vector<LayerCase> DoubleLayerCases();

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_LAYER_CASES_H_
