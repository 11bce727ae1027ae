// Where images and labels stand in a file. A file is not trusted: every number is checked before it is used. Used by
// image_dataset.cc, and by fuzzers.
#ifndef BATON_RUNTIME_DATA_IMAGES_IMAGE_LAYOUT_H_
#define BATON_RUNTIME_DATA_IMAGES_IMAGE_LAYOUT_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace baton {

// data.format.
enum class ImageFormat { kAuto, kIdx, kCifar10, kCifar100 };

// `count` records of `stride` bytes, from byte `offset` of the file on, all inside it.
struct Records {
  int64_t offset = 0;
  int64_t stride = 0;
  int64_t count = 0;
};

// Images of channels × height × width pixels, in this order, of a byte each; the pixels of a record begin `pixels`
// bytes behind its begin.
struct ImageLayout {
  Records records;
  int64_t pixels = 0;
  int64_t channels = 0;
  int64_t height = 0;
  int64_t width = 0;
};

// Errors of the functions below: InvalidArgument without the file's name.

// MNIST's form (LeCun et al. 1998): 0, 0, type 8 (bytes), dimensions, each a big-endian u32, then the bytes. Images
// have three dimensions, number, height and width; labels have one.
absl::StatusOr<ImageLayout> LayoutOfIdxImages(absl::Span<const std::byte> file);
absl::StatusOr<Records> LayoutOfIdxLabels(absl::Span<const std::byte> file);

// The binary forms of CIFAR-10 and CIFAR-100 (Krizhevsky 2009): a label, or a coarse and a fine one, then 3 × 32 × 32
// pixels. The label is the byte before the pixels.
absl::StatusOr<ImageLayout> LayoutOfCifar(absl::Span<const std::byte> file, ImageFormat format);

// The layout by `format`; AUTO is IDX by its magic number.
absl::StatusOr<ImageLayout> LayoutOfImages(absl::Span<const std::byte> file, ImageFormat format);

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_IMAGES_IMAGE_LAYOUT_H_
