// Names and sentences of products.
#include "ops/cuda/matmul_messages.h"

#include <cstdio>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/mutex.h"

namespace baton {
namespace {

std::string Describe(const MatmulSpec& spec) {
  return absl::StrCat(spec.m, " x ", spec.n, " x ", spec.k, spec.a_transposed ? ", a transposed" : "",
                      spec.b_transposed ? ", b transposed" : "",
                      spec.input_type == DataType::kBFloat16 ? ", bf16" : ", f32");
}

const char* Name(MatmulEpilogue epilogue) {
  switch (epilogue) {
    case MatmulEpilogue::kNone:
      return "nothing";
    case MatmulEpilogue::kBias:
      return "the bias";
    case MatmulEpilogue::kBiasGelu:
      return "the bias and the GELU";
    case MatmulEpilogue::kGeluBackward:
      return "the GELU's gradient";
    case MatmulEpilogue::kBiasGradient:
      return "the bias's gradient";
  }
  return "";
}

}  // namespace

const char* ShortName(MatmulEpilogue epilogue) {
  switch (epilogue) {
    case MatmulEpilogue::kNone:
      return "none";
    case MatmulEpilogue::kBias:
      return "bias";
    case MatmulEpilogue::kBiasGelu:
      return "gelu";
    case MatmulEpilogue::kGeluBackward:
      return "dgelu";
    case MatmulEpilogue::kBiasGradient:
      return "bias_gradient";
  }
  return "";
}

absl::Status NoAlgorithm(const MatmulSpec& spec, const absl::Status& reason) {
  return absl::InternalError(
      absl::StrCat("cuBLASLt has no algorithm for the product ", Describe(spec), ": ", reason.message()));
}

void WarnOnce(const MatmulSpec& spec, MatmulEpilogue fused, const absl::Status& reason) {
  static auto* const mutex = new Mutex;
  static auto* const said = new std::set<std::string>;
  const std::string line = absl::StrCat("product ", Describe(spec), ": of ", Name(spec.epilogue), " cuBLASLt applies ",
                                        Name(fused), "; slower kernels of Baton's do the rest: ", reason.message());
  const MutexLock lock(mutex);
  if (said->insert(line).second) std::fprintf(stderr, "%s\n", line.c_str());
}

}  // namespace baton
