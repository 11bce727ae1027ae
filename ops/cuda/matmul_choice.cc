// Chooses the algorithm of a product by measuring, or from the choices of an earlier run.
#include <cuda_runtime_api.h>

#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/cuda_status.h"
#include "base/status.h"
#include "ops/cuda/matmul.h"
#include "ops/cuda/matmul_messages.h"
#include "ops/cuda/support.h"

namespace baton {
namespace {

constexpr int kMostAlgorithms = 16;
constexpr int kTimedRuns = 5;
constexpr double kMicrosPerMilli = 1e3;

static_assert(sizeof(cublasLtMatmulAlgo_t) == sizeof(ProductChoice::algorithm), "a choice holds an algorithm");

// Device memory that is freed at the end of a scope, which waits for the device.
struct DeviceMemory {
  ~DeviceMemory() { cudaFree(data); }
  void* data = nullptr;
};

struct TimedEvent {
  ~TimedEvent() {
    if (event != nullptr) cudaEventDestroy(event);
  }
  cudaEvent_t event = nullptr;
};

// Names everything that decides which algorithms there are and how they add.
std::string KeyOf(const MatmulSpec& spec) {
  return absl::StrCat("m=", spec.m, " n=", spec.n, " k=", spec.k, " a_transposed=", spec.a_transposed ? 1 : 0,
                      " b_transposed=", spec.b_transposed ? 1 : 0, " a=", NameOf(spec.input_type),
                      " b=", NameOf(spec.input_type), " c=", NameOf(spec.output_type),
                      " epilogue=", ShortName(spec.epilogue), " tf32=", spec.tensor_float32 ? 1 : 0,
                      " deterministic=", spec.deterministic ? 1 : 0, " workspace=", spec.workspace.limit);
}

absl::StatusOr<ProductPlace> PlaceOf(const MatmulSpec& spec) {
  int gpu;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDevice(&gpu));
  cudaDeviceProp properties;
  BATON_RETURN_IF_CUDA_ERROR(cudaGetDeviceProperties(&properties, gpu));
  return ProductPlace{absl::StrCat(properties.name, ", ", properties.multiProcessorCount, " multiprocessors"),
                      absl::StrCat("cuBLASLt ", cublasLtGetVersion()), KeyOf(spec)};
}

}  // namespace

absl::Status Matmul::ChooseMeasured(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  BATON_ASSIGN_OR_RETURN(const ProductPlace place, PlaceOf(spec_));
  const auto measure = [&] { return MeasureAlgorithms(stream, operands, scratch); };
  BATON_ASSIGN_OR_RETURN(const ProductChoice choice, spec_.choices->Choose(place, measure));
  for (const MatmulEpilogue epilogue : EpiloguesToTry()) {
    if (choice.epilogue != ShortName(epilogue)) continue;
    BATON_RETURN_IF_ERROR(SetEpilogue(epilogue));
    std::memcpy(&algorithm_, choice.algorithm.data(), sizeof(algorithm_));
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("devices.product_choices: the product ", place.product,
                                                 " cannot have an algorithm with the epilogue ", choice.epilogue));
}

absl::StatusOr<double> Matmul::TimeProduct(KernelStream stream, const MatmulOperands& operands, std::byte* scratch) {
  TimedEvent begin, end;
  BATON_RETURN_IF_CUDA_ERROR(cudaEventCreate(&begin.event));
  BATON_RETURN_IF_CUDA_ERROR(cudaEventCreate(&end.event));
  const auto native = static_cast<cudaStream_t>(stream.native_handle);
  for (int i = -1; i < kTimedRuns; ++i) {
    if (i == 0) BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(begin.event, native));
    BATON_RETURN_IF_ERROR(RunProduct(stream, operands, scratch));
    BATON_RETURN_IF_ERROR(Finish(stream, operands, scratch));
  }
  BATON_RETURN_IF_CUDA_ERROR(cudaEventRecord(end.event, native));
  BATON_RETURN_IF_CUDA_ERROR(cudaEventSynchronize(end.event));
  float millis;
  BATON_RETURN_IF_CUDA_ERROR(cudaEventElapsedTime(&millis, begin.event, end.event));
  return millis * kMicrosPerMilli / kTimedRuns;
}

absl::StatusOr<ProductChoice> Matmul::MeasureAlgorithms(KernelStream stream, const MatmulOperands& operands,
                                                        std::byte* scratch) {
  // The product may add to c, so it runs into memory of its own.
  DeviceMemory result, sums;
  const auto bytes = static_cast<size_t>(spec_.m * spec_.n * SizeOf(spec_.output_type));
  BATON_RETURN_IF_CUDA_ERROR(cudaMalloc(&result.data, bytes));
  const auto native = static_cast<cudaStream_t>(stream.native_handle);
  BATON_RETURN_IF_CUDA_ERROR(cudaMemsetAsync(result.data, 0, bytes, native));
  MatmulOperands aside = operands;
  aside.c = result.data;
  if (operands.addend != nullptr) aside.addend = result.data;
  if (operands.bias_gradient != nullptr) {
    BATON_RETURN_IF_CUDA_ERROR(cudaMalloc(&sums.data, static_cast<size_t>(spec_.m) * sizeof(float)));
    aside.bias_gradient = static_cast<float*>(sums.data);
  }
  absl::Status failure;
  ProductChoice best;
  for (const MatmulEpilogue epilogue : EpiloguesToTry()) {
    absl::StatusOr<std::vector<cublasLtMatmulAlgo_t>> algorithms = AlgorithmsOf(epilogue, kMostAlgorithms);
    if (!algorithms.ok()) {
      failure = algorithms.status();
      continue;
    }
    for (const cublasLtMatmulAlgo_t& algorithm : *algorithms) {
      algorithm_ = algorithm;
      const absl::StatusOr<double> micros = TimeProduct(stream, aside, scratch);
      if (!micros.ok()) failure = micros.status();
      if (!micros.ok() || (!best.epilogue.empty() && *micros >= best.micros)) continue;
      best = {ShortName(epilogue), {}, *micros};
      std::memcpy(best.algorithm.data(), &algorithm, sizeof(algorithm));
    }
  }
  BATON_RETURN_IF_CUDA_ERROR(cudaStreamSynchronize(native));
  if (best.epilogue.empty()) return NoAlgorithm(spec_, failure);
  return best;
}

}  // namespace baton
