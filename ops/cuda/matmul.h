// Products of row-major matrices by cuBLASLt. Used by LinearProducts.
#ifndef BATON_OPS_CUDA_MATMUL_H_
#define BATON_OPS_CUDA_MATMUL_H_

#include <cublasLt.h>

#include <memory>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ops/layers/layer.h"

namespace baton {

// cuBLASLt's workspace, a part of scratch.
struct MatmulWorkspace {
  Bytes limit = 32 << 20;  // that cuBLASLt may use
  // The scratch to plan: cuBLASLt's workspace begins at a 256-byte boundary in it.
  Bytes ScratchBytes() const { return AlignUp(limit + 256); }
};

// Applied to a product p before it becomes c. GELU is the tanh approximation. aux: [m, n].
enum class MatmulEpilogue : int8_t {
  kNone,          // c ← p
  kBias,          // c ← p + bias
  kBiasGelu,      // aux ← p + bias; c ← GELU(aux)
  kGeluBackward,  // c ← p · GELU′(aux)
};

// c ← epilogue(op(a) · op(b) [+ addend]). op(a): [m, k], op(b): [k, n], c: [m, n], bias: [n]; op transposes the stored
// matrix or leaves it. The addend may be c itself. Sums are in f32.
struct MatmulSpec {
  int64_t m = 0;
  int64_t n = 0;
  int64_t k = 0;
  bool a_transposed = false;
  bool b_transposed = false;
  DataType input_type = DataType::kFloat32;   // of a, b and bias: f32 or bf16
  DataType output_type = DataType::kFloat32;  // of c: input_type or f32
  MatmulEpilogue epilogue = MatmulEpilogue::kNone;
  bool tensor_float32 = false;  // rounds f32 inputs to 10 bits of mantissa, which is faster
  bool deterministic = true;    // the same bits in each run
  MatmulWorkspace workspace;
};

// Pointers are kBufferAlignment-aligned. Those that the epilogue does not use are null.
struct MatmulOperands {
  const void* a = nullptr;
  const void* b = nullptr;
  const void* bias = nullptr;
  void* aux = nullptr;           // of input_type
  const void* addend = nullptr;  // [m, n] of output_type; null: none
  void* c = nullptr;
};

// Lifecycle: made without a device. The first Run asks cuBLASLt for the best algorithm on the current device and may
// not be captured; later Runs must have the same device current. Owns its descriptors. Thread contract: one thread at a
// time.
class Matmul {
 public:
  explicit Matmul(const MatmulSpec& spec) : spec_(spec) {}

  // scratch: workspace.ScratchBytes(). Asynchronous on `stream`. If cuBLASLt fails to apply the epilogue, Baton's own
  // kernels do, which standard error says once for each shape. Errors: Internal if cuBLASLt has no algorithm for the
  // product or fails.
  absl::Status Run(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);

 private:
  template <typename Handle, cublasStatus_t (*destroy)(Handle)>
  struct Destroyer {
    using pointer = Handle;
    void operator()(Handle handle) const { destroy(handle); }
  };
  template <typename Handle, cublasStatus_t (*destroy)(Handle)>
  using Owned = std::unique_ptr<std::remove_pointer_t<Handle>, Destroyer<Handle, destroy>>;
  using Layout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
  using Operation = Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;

  // Tries the whole epilogue, then the bias alone, then none, until one runs.
  absl::Status RunFirst(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  absl::Status MakeDescriptors();
  // Chooses an algorithm that applies `epilogue`. The choice depends on the shape, not on addresses, so that the same
  // values give the same bits in any buffers.
  absl::Status ChooseAlgorithm(MatmulEpilogue epilogue);
  // Sets the pointers that fused_ reads.
  absl::Status SetPointers(const void* bias, const void* aux);
  // Enqueues the product with fused_.
  absl::Status RunProduct(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // Applies, by Baton's own kernels, the part of the epilogue that cuBLASLt's algorithm leaves out.
  absl::Status Finish(KernelStream stream, const MatmulOperands& operands);

  const MatmulSpec spec_;
  cublasLtHandle_t handle_ = nullptr;  // the device's; null until the first Run
  Operation operation_;
  // cuBLASLt's matrices are column-major, so it sees all matrices transposed and the factors change sides.
  Layout left_;    // of b
  Layout right_;   // of a
  Layout output_;  // of c
  cublasLtMatmulAlgo_t algorithm_ = {};
  // The part of spec_.epilogue that the algorithm applies: all of it, the bias alone, or nothing.
  MatmulEpilogue fused_ = MatmulEpilogue::kNone;
};

}  // namespace baton

#endif  // BATON_OPS_CUDA_MATMUL_H_
