// Products of row-major matrices by cuBLASLt. Used by LinearProducts.
#ifndef BATON_OPS_CUDA_MATMUL_H_
#define BATON_OPS_CUDA_MATMUL_H_

#include <cublasLt.h>

#include <memory>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/kernel_observer.h"
#include "ops/cuda/product_choices.h"
#include "ops/layers/layer.h"

namespace baton {

// cuBLASLt's workspace, a part of scratch.
struct MatmulWorkspace {
  Bytes limit = 32 << 20;  // that cuBLASLt may use
  // The scratch to plan: cuBLASLt's workspace begins at a 256-byte boundary in it.
  Bytes ScratchBytes() const { return AlignUp(limit + 256); }
  std::byte* Begin(std::byte* scratch) const {
    return reinterpret_cast<std::byte*>((reinterpret_cast<uintptr_t>(scratch) + 255) / 256 * 256);
  }
};

// Applied to a product p before it becomes c. GELU is the tanh approximation. aux: [m, n].
enum class MatmulEpilogue : int8_t {
  kNone,          // c ← p
  kBias,          // c ← p + bias
  kBiasGelu,      // aux ← p + bias; c ← GELU(aux)
  kGeluBackward,  // c ← p · GELU′(aux)
  kBiasGradient,  // c ← p; bias_gradient += Σ over k of op(a), where a is stored transposed
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
  std::shared_ptr<ProductChoices> choices;  // null: cuBLASLt's first algorithm
};

// Pointers are kBufferAlignment-aligned. Those that the epilogue does not use are null.
struct MatmulOperands {
  const void* a = nullptr;
  const void* b = nullptr;
  const void* bias = nullptr;
  void* aux = nullptr;           // of input_type
  const void* addend = nullptr;  // [m, n] of output_type; null: none
  void* c = nullptr;
  float* bias_gradient = nullptr;  // [m]
};

// Lifecycle: made without a device. The first Run asks cuBLASLt for the best algorithm on the current device, or
// measures its best ones if spec.choices has none, and may not be captured; later Runs must have the same device
// current. Owns its descriptors. Thread contract: one thread at a time.
class Matmul {
 public:
  static Bytes ScratchBytes(const MatmulSpec& spec);

  explicit Matmul(const MatmulSpec& spec) : spec_(spec) {}

  // scratch: ScratchBytes(spec). Asynchronous on `stream`. If cuBLASLt fails to apply the epilogue, Baton's own
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

  // The epilogues to try: the whole one, then the bias alone, then none. kBiasGradient is only tried where algorithms
  // are measured, since those that apply it are fewer, and may be slower.
  std::vector<MatmulEpilogue> EpiloguesToTry() const;
  absl::Status RunFirst(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  absl::Status MakeDescriptors();
  // Chooses an algorithm that applies `epilogue`. The choice depends on the shape, not on addresses, so that the same
  // values give the same bits in any buffers.
  absl::Status ChooseAlgorithm(MatmulEpilogue epilogue);
  // Sets fused_ and the descriptor for it.
  absl::Status SetEpilogue(MatmulEpilogue epilogue);
  // cuBLASLt's best algorithms that apply `epilogue`, which becomes fused_; at least one and at most `most`.
  absl::StatusOr<std::vector<cublasLtMatmulAlgo_t>> AlgorithmsOf(MatmulEpilogue epilogue, int most);
  // Takes the algorithm from spec_.choices, which may measure.
  absl::Status ChooseMeasured(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // The fastest algorithm of all epilogues, with what Finish adds to it. Writes aux, but not c or bias_gradient.
  absl::StatusOr<ProductChoice> MeasureAlgorithms(KernelStream stream, const MatmulOperands& operands,
                                                  std::byte* scratch);
  // The time of a product with algorithm_ and of Finish, in microseconds.
  absl::StatusOr<double> TimeProduct(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // Sets the pointers that fused_ reads.
  absl::Status SetPointers(const void* bias, const void* aux);
  // Where cuBLASLt writes the sums of kBiasGradient: behind its workspace.
  float* BiasSums(std::byte* scratch) const {
    return reinterpret_cast<float*>(scratch + spec_.workspace.ScratchBytes());
  }
  // Enqueues the product with fused_.
  absl::Status RunProduct(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  // Applies, by Baton's own kernels, the part of the epilogue that cuBLASLt's algorithm leaves out.
  absl::Status Finish(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);
  absl::Status AddBiasGradient(KernelStream stream, const MatmulOperands& operands, std::byte* scratch);

  // For KernelScope.
  KernelWork Work(bool adds) const;

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
