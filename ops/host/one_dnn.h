// Shared helpers for oneDNN: the engine, the number of threads, matrix products, and primitives whose arguments are
// made once and point to new memory in each call. Used by the .cc files of ops/host and by a benchmark.
#ifndef BATON_OPS_HOST_ONE_DNN_H_
#define BATON_OPS_HOST_ONE_DNN_H_

#include <dnnl.hpp>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// As "oneDNN 2.7.2 for AVX2, glibc 2.36": what the bits of results depend on besides inputs and threads.
std::string DescribePlatform();

// The process's CPU engine.
const dnnl::engine& OneDnnEngine();

// While it exists, oneDNN calls of this thread use `threads` threads, the calling one included, instead of OpenMP's
// default: the order of sums may depend on that number. Primitives must be made inside a scope, too.
class ThreadScope {
 public:
  explicit ThreadScope(int threads);
  ~ThreadScope();
  ThreadScope(const ThreadScope&) = delete;
  ThreadScope& operator=(const ThreadScope&) = delete;

 private:
  const int previous_;
  const int threads_;
};

// An operand of Gemm: row-major, with `stride` elements between the begins of rows.
struct Matrix {
  const float* data;
  int64_t stride;
  bool transposed = false;
};

// c ← alpha · op(a) · op(b) + beta · c. op(a): [m, k], op(b): [k, n], c: [m, n]; op transposes a matrix if
// `transposed`. Errors: Internal if oneDNN fails.
absl::Status Gemm(int64_t m, int64_t n, int64_t k, float alpha, const Matrix& a, const Matrix& b, float beta, float* c,
                  int64_t c_stride);

// A oneDNN primitive with its arguments. The caller provides its scratchpad, so that layers made on one thread can run
// at the same time on several. Run allocates nothing. Thread contract: one thread at a time.
class OneDnnPrimitive {
 public:
  using Argument = std::pair<int, dnnl::memory::desc>;  // a DNNL_ARG_* and its memory's description

  OneDnnPrimitive() = default;  // empty; Run must not be called
  // Throws dnnl::error if oneDNN fails.
  OneDnnPrimitive(const dnnl::primitive& primitive, const std::vector<Argument>& arguments);

  // `pointers` in the order of `arguments`. Errors: Internal if oneDNN fails.
  absl::Status Run(std::initializer_list<const void*> pointers);

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// Returns make()'s result; turns a dnnl::error that it throws into Internal. `what` names the layer in the message.
template <typename Function>
auto CatchOneDnnErrors(const char* what, Function make) -> decltype(make()) {
  try {
    return make();
  } catch (const dnnl::error& error) {
    return absl::InternalError(std::string(what) + ": oneDNN failed: " + error.what());
  }
}

}  // namespace baton

#endif  // BATON_OPS_HOST_ONE_DNN_H_
