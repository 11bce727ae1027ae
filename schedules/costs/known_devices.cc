// The table of known devices with its sources; see known_devices.h.
#include "schedules/costs/known_devices.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {
namespace {

// name, TFLOP/s, GB/s, GiB, multiprocessors, GHz, measured TFLOP/s, TFLOP/s in TF32 and in f32. The driver reports
// slightly more or less memory than the data sheet. Measured: the table of maximum achievable FLOPS in Bekman, "Machine
// Learning Engineering" (chapter on accelerators, 2025), the best mean of 100 runs over many shapes; it has no V100 and
// no L40S.
constexpr KnownDevice kDevices[] = {
    // NVIDIA V100 Tensor Core GPU, data sheet of January 2020 (SXM2, 32 GB): 125 TFLOPS fp16, 15.7 f32; 900 GB/s. It
    // has no TF32: cuBLASLt then multiplies in f32.
    {"V100", 125, 900, 31.7, 80, 1.53, 0, 15.7, 15.7},
    // NVIDIA A100 Tensor Core GPU, data sheet of June 2021 (SXM, 80 GB): 312 TFLOPS, 156 TF32, 19.5 f32; 2,039
    // GB/s.
    {"A100", 312, 2039, 80.0, 108, 1.41, 271.2, 156, 19.5},
    // NVIDIA L40S, data sheet of 2023 (48 GB): 362 TFLOPS, 183 TF32, 91.6 f32; 864 GB/s.
    {"L40S", 362, 864, 45.0, 142, 2.52, 0, 183, 91.6},
    // NVIDIA H100 Tensor Core GPU, data sheet of 2023 (SXM, 80 GB): 1,979 TFLOPS and 989 TF32 with sparsity, half of
    // them dense; 67 f32; 3.35 TB/s.
    {"H100", 989, 3350, 79.6, 132, 1.83, 794.5, 494.5, 67},
    // NVIDIA H200 Tensor Core GPU, data sheet of 2024 (SXM, 141 GB): as H100, with 4.8 TB/s.
    {"H200", 989, 4800, 139.8, 132, 1.83, 794.5, 494.5, 67},
    // AMD Instinct MI300X accelerator, data sheet of 2023 (192 GB): 1,307 TFLOPS dense, 653.7 TF32, 163.4 f32; 5.3
    // TB/s.
    {"MI300X", 1307, 5300, 191.9, 304, 2.1, 668.4, 653.7, 163.4},
};

}  // namespace

const KnownDevice* FindDevice(absl::string_view name) {
  for (const KnownDevice& device : kDevices) {
    if (device.name == name) return &device;
  }
  return nullptr;
}

std::string ListDevices() {
  return absl::StrJoin(kDevices, ", ",
                       [](std::string* out, const KnownDevice& device) { absl::StrAppend(out, device.name); });
}

}  // namespace baton
