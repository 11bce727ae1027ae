// What well-known devices reach, so that a job can name one instead of its numbers. Used by resolve.
#ifndef BATON_SCHEDULES_COSTS_KNOWN_DEVICES_H_
#define BATON_SCHEDULES_COSTS_KNOWN_DEVICES_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Peaks as their makers state them: dense bf16 (on V100 fp16) matrix products, and the bandwidth of memory; its size as
// a program finds it.
struct KnownDevice {
  absl::string_view name;
  double peak_matmul_tflops;
  double peak_memory_gbps;
  double memory_gib;

  // What large kernels reach of these: about four fifths and nine tenths.
  double matmul_tflops() const { return 0.8 * peak_matmul_tflops; }
  double memory_gbps() const { return 0.9 * peak_memory_gbps; }
};

// Null if it is not in the table.
const KnownDevice* FindDevice(absl::string_view name);

// As "A100, H100, …".
std::string ListDevices();

}  // namespace baton

#endif  // BATON_SCHEDULES_COSTS_KNOWN_DEVICES_H_
