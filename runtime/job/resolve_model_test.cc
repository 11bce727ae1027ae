// Wrong models.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

TEST_CASE("wrong models") {
  CheckWrong(GENERATE(
      Wrong{"batch { sequences: 1 }", "",
            "model is missing: gpt2 { … }, mlp { … } or inputs and a list of layer { … }"},
      Wrong{kGpt, "model.gpt2={}", "model.gpt2.layers is missing: the number of transformer blocks"},
      Wrong{kGpt, "model.gpt2={layers: 1}", "model.gpt2.width is missing: the width of an embedding"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4}", "model.gpt2.heads is missing: the number of attention heads"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4 heads: 2}",
            "model.gpt2.context is missing: the tokens of a sequence"},
      Wrong{kGpt, "model.gpt2={layers: 1 width: 4 heads: 2 context: 2}",
            "model.gpt2.vocabulary is missing: the number of different tokens"},
      Wrong{kGpt, "model.gpt2.layers=0", "model.gpt2.layers: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.layers=4097", "model.gpt2.layers: 4097 must be at most 4096"},
      Wrong{kGpt, "model.gpt2.width=-128", "model.gpt2.width: -128 must be at least 1"},
      Wrong{kGpt, "model.gpt2.width=9223372036854775807",
            "model.gpt2.width: 9223372036854775807 must be at most 65536"},
      Wrong{kGpt, "model.gpt2.heads=3", "model.gpt2.heads: 3 does not divide model.gpt2.width: 128"},
      Wrong{kGpt, "model.gpt2.heads=0", "model.gpt2.heads: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.context=0", "model.gpt2.context: 0 must be at least 1"},
      Wrong{kGpt, "model.gpt2.activation=NONE", "model.gpt2.activation: NONE is not one of RELU, GELU, GELU_TANH"},
      Wrong{kGpt, "model.gpt2.vocabulary=1", "model.gpt2.vocabulary: 1 must be at least 2"},
      Wrong{kGpt, "model.gpt2.layers=4096;model.gpt2.width=65536",
            "model: 2.1111e+14 parameters must be at most 1099511627776"},
      Wrong{kGpt, "model.gpt2.context=1048576",
            "model: a tensor of 8.79609e+12 elements a micro-batch must be at most 1099511627776"},
      Wrong{kGpt, "model.inputs=4", "model.inputs: 4 goes with a list of layers, not with gpt2 or mlp"},
      Wrong{kGpt, "model.layer=[{ relu {} }]", "model: layer cannot stand beside gpt2 or mlp"},
      Wrong{kMlp, "model.mlp.sizes=5",
            "model.mlp.sizes: 1 sizes must be from 2 to 4097 (input, hidden layers, classes)"},
      Wrong{kMlp, "model.mlp.sizes=5,0,3", "model.mlp.sizes[1]: 0 must be at least 1"},
      Wrong{kMlp, "model.mlp.sizes=5,3,1", "model.mlp.sizes[2]: 1 must be at least 2"},
      Wrong{kMlp, "model.mlp.sizes=5,9999999,2", "model.mlp.sizes[1]: 9999999 must be at most 1048576"}));
}

TEST_CASE("wrong lists of layers") {
  CheckWrong(GENERATE(
      Wrong{kLayers, "model={layer { relu {} }}",
            "model.inputs is missing: the features of one example, for a list of layers"},
      Wrong{kLayers, "model.inputs=0", "model.inputs: 0 must be at least 1"},
      Wrong{kLayers, "model.layer=[{ relu {} }, {}]",
            "model.layer[1] is missing: one of linear, layer_norm, relu, gelu, residual"},
      Wrong{kLayers, "model.layer=[{ linear {} }]", "model.layer[0].linear.outputs is missing: the layer's width"},
      Wrong{kLayers, "model.layer=[{ linear { outputs: -1 } }]",
            "model.layer[0].linear.outputs: -1 must be at least 1"},
      Wrong{kLayers, "model.layer=[{ linear { outputs: 1 } }]",
            "model.layer: ends with width 1, the number of classes, which must be at least 2"},
      Wrong{kLayers, "model.layer=[{ residual {} }]", "model.layer[0].residual.layer: 0 layers must be from 1 to 64"},
      Wrong{kLayers, "model.layer=[{ residual { layer { linear { outputs: 32 } } } }]",
            "model.layer[0].residual: ends with width 32 but must keep the width 64"},
      Wrong{kLayers, "model.layer=[{ residual { layer { residual { layer { relu {} } } } } }]",
            "model.layer[0].residual.layer[0].residual: a residual inside a residual"}));
}

}  // namespace
}  // namespace baton
