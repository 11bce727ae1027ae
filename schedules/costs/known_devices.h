// Rates and memory of well-known devices, so that a job can name a device instead of giving its numbers. Used by
// runtime/job.
#ifndef BATON_SCHEDULES_COSTS_KNOWN_DEVICES_H_
#define BATON_SCHEDULES_COSTS_KNOWN_DEVICES_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// How matrix products take their factors: in 16 bits, in f32 that tensor cores round to 10 bits of mantissa, or in f32.
// The CUDA backend asks cuBLASLt for them by the precisions BF16, TF32 and FLOAT32.
enum class ProductType : int8_t { kBFloat16, kTensorFloat32, kFloat32 };

struct KnownDevice {
  absl::string_view name;
  double peak_matmul_tflops;  // TFLOP/s of dense bf16 (V100: fp16) matrix products, as the vendor states it
  double peak_memory_gbps;    // GB/s, as the vendor states it
  double memory_gib;          // GiB, as the driver reports it
  int multiprocessors;        // MI300X: compute units
  double clock_ghz;           // at which the vendor states the peak
  double measured_tflops;     // TFLOP/s of the fastest dense bf16 product that was published; 0: unknown
  // TFLOP/s of dense products of f32, as the vendor states them: rounded to 10 bits of mantissa, and as they are.
  double peak_tensor_float32_tflops;
  double peak_float32_tflops;

  double PeakTflops(ProductType type) const {
    return type == ProductType::kBFloat16        ? peak_matmul_tflops
           : type == ProductType::kTensorFloat32 ? peak_tensor_float32_tflops
                                                 : peak_float32_tflops;
  }
  // The rates of large kernels: the measured one, or 80 % of the peak, and 90 % of the memory's.
  double matmul_tflops(ProductType type = ProductType::kBFloat16) const {
    return type == ProductType::kBFloat16 && measured_tflops > 0 ? measured_tflops : 0.8 * PeakTflops(type);
  }
  double memory_gbps() const { return 0.9 * peak_memory_gbps; }
};

// Returns null if the table has no such device.
const KnownDevice* FindDevice(absl::string_view name);

// All names, as "A100, H100, …".
std::string ListDevices();

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_KNOWN_DEVICES_H_
