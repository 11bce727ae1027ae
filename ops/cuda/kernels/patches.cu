// Threads stride over the image. Its neighbours within a square are neighbours in a row, too.
#include "ops/cuda/kernels/patches.h"
#include "ops/cuda/kernels/strided.cuh"

namespace baton {
namespace {

// The place in the rows of pixel `pixel`, counted over all images.
__device__ inline int64_t PlaceInRows(const PatchesShape& shape, int64_t pixel) {
  const int64_t x = pixel % shape.width;
  const int64_t y = pixel / shape.width % shape.height;
  const int64_t channel = pixel / (shape.width * shape.height) % shape.channels;
  const int64_t example = pixel / (shape.width * shape.height * shape.channels);
  const int64_t across = shape.width / shape.edge;
  const int64_t patches = shape.height / shape.edge * across;
  const int64_t patch = y / shape.edge * across + x / shape.edge;
  const int64_t square = (example * patches + patch) * shape.channels + channel;
  return (square * shape.edge + y % shape.edge) * shape.edge + x % shape.edge;
}

// Arrays: LaunchPatches's. to_rows: from the image to the rows, else back.
template <typename T, int kWidth>
__global__ void __launch_bounds__(kStridedThreads)
    PatchesKernel(PatchesShape shape, bool to_rows, const T* from, T* to) {
  ForOwnAccesses(shape.examples * shape.channels * shape.height * shape.width / kWidth, [=](int64_t i) {
    const int64_t pixel = i * kWidth;
    const int64_t place = PlaceInRows(shape, pixel);
    Store(to + (to_rows ? place : pixel), Load<kWidth>(from + (to_rows ? pixel : place)));
  });
}

absl::Status Copy(KernelStream stream, const PatchesShape& shape, bool to_rows, const void* from, void* to) {
  return ForAccess(shape.type, shape.edge, [&](auto element, auto width) {
    using T = decltype(element);
    constexpr int kWidth = decltype(width)::value;
    const int64_t pixels = shape.examples * shape.channels * shape.height * shape.width;
    return Launch(PatchesKernel<T, kWidth>, StridedShape(pixels / kWidth), stream, shape, to_rows,
                  static_cast<const T*>(from), static_cast<T*>(to));
  });
}

}  // namespace

absl::Status LaunchPatches(KernelStream stream, const PatchesShape& shape, const void* image, void* rows) {
  return Copy(stream, shape, /*to_rows=*/true, image, rows);
}

absl::Status LaunchPatchesBackward(KernelStream stream, const PatchesShape& shape, const void* rows, void* image) {
  return Copy(stream, shape, /*to_rows=*/false, rows, image);
}

}  // namespace baton
