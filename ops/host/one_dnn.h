// The little of oneDNN that the host's layers share: the engine, one thread a call, matrix products, and primitives
// whose arguments are made once and re-pointed at each call. Used by the .cc files of ops/host alone.
#ifndef BATON_OPS_HOST_ONE_DNN_H_
#define BATON_OPS_HOST_ONE_DNN_H_

#include <dnnl.hpp>
#include <initializer_list>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/units.h"

namespace baton {

// The process's CPU engine.
const dnnl::engine& OneDnnEngine();

// While it lives, oneDNN runs on `threads` threads, the calling one among them: the backend's number and not whatever
// OpenMP is set to on this thread, since the order of sums may depend on it. Primitives must be made under one too.
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

// One operand of Gemm: row-major, `stride` elements from row to row.
struct Matrix {
  const float* data;
  int64_t stride;
  bool transposed = false;
};

// c ← alpha · op(a) · op(b) + beta · c; op(a): [m, k], op(b): [k, n], c: [m, n]; op transposes what is stored.
// Errors: Internal if oneDNN refuses.
absl::Status Gemm(int64_t m, int64_t n, int64_t k, float alpha, const Matrix& a, const Matrix& b, float beta, float* c,
                  int64_t c_stride);

// A oneDNN primitive with its arguments. Its temporary memory is the caller's, so that layers that were made on one
// thread can run at the same time on several. Thread contract: one thread at a time. Allocates nothing in Run.
class OneDnnPrimitive {
 public:
  using Argument = std::pair<int, dnnl::memory::desc>;  // a DNNL_ARG_* and what is there

  OneDnnPrimitive() = default;  // Run may not be called
  // May throw dnnl::error.
  OneDnnPrimitive(const dnnl::primitive& primitive, const std::vector<Argument>& arguments);

  // `pointers` in the order of `arguments`. Errors: Internal if oneDNN fails.
  absl::Status Run(std::initializer_list<const void*> pointers);

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::vector<dnnl::memory> memories_;
  std::vector<dnnl_exec_arg_t> arguments_;
};

// Runs `make`, which may throw dnnl::error, and gives the exception as Internal. `what` names the layer.
template <typename Function>
auto CatchOneDnnErrors(const char* what, Function make) -> decltype(make()) {
  try {
    return make();
  } catch (const dnnl::error& error) {
    return absl::InternalError(std::string(what) + ": oneDNN says: " + error.what());
  }
}

}  // namespace baton

#endif  // BATON_OPS_HOST_ONE_DNN_H_
