// Prints each GPU on a line. Without a GPU, prints the driver's error and exits with 1. Used by tools/gpu_check/run.
#include <iostream>

#include "runtime/device/cuda/cuda_device.h"

int main() {
  const absl::StatusOr<int> count = baton::CountGpus();
  if (!count.ok()) {
    std::cout << count.status().message() << "\n";
    return 1;
  }
  for (int gpu = 0; gpu < *count; ++gpu) {
    std::cout << "GPU " << gpu << ": " << baton::DescribeGpu(gpu).value_or("cannot be described") << "\n";
  }
  return 0;
}
