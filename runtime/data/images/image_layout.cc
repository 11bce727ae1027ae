// Headers of IDX files, sizes of CIFAR's.
#include "runtime/data/images/image_layout.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr int kBytes = 8;  // the type code of bytes
constexpr int64_t kCifarPixels = 3 * 32 * 32;

int ByteAt(absl::Span<const std::byte> file, size_t index) { return static_cast<int>(file[index]); }

absl::Status CheckNotCompressed(absl::Span<const std::byte> file) {
  if (file.size() < 2 || ByteAt(file, 0) != 0x1f || ByteAt(file, 1) != 0x8b) return absl::OkStatus();
  return absl::InvalidArgumentError("is compressed; unpack it with gunzip first");
}

// The dimensions of an IDX file of bytes, as many as `dimensions`; their product is what follows the header.
absl::StatusOr<std::vector<int64_t>> ReadIdx(absl::Span<const std::byte> file, int dimensions) {
  BATON_RETURN_IF_ERROR(CheckNotCompressed(file));
  if (file.size() < 4) {
    return absl::InvalidArgumentError(absl::StrCat("has ", file.size(), " bytes, too few for IDX's magic number"));
  }
  if (ByteAt(file, 0) != 0 || ByteAt(file, 1) != 0) {
    return absl::InvalidArgumentError("is no IDX file, which begins with two zero bytes");
  }
  if (ByteAt(file, 2) != kBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("type code ", ByteAt(file, 2), " must be ", kBytes, ", that of bytes"));
  }
  if (ByteAt(file, 3) != dimensions) {
    return absl::InvalidArgumentError(absl::StrCat(ByteAt(file, 3), " dimensions must be ", dimensions,
                                                   dimensions == 1 ? " for labels" : " for images"));
  }
  const size_t header = 4 + 4 * static_cast<size_t>(dimensions);
  if (file.size() < header) {
    return absl::InvalidArgumentError(absl::StrCat("ends inside its header: ", file.size(), " of ", header, " bytes"));
  }
  std::vector<int64_t> sizes;
  for (size_t i = 4; i < header; i += 4) {
    sizes.push_back(int64_t{ByteAt(file, i)} << 24 | ByteAt(file, i + 1) << 16 | ByteAt(file, i + 2) << 8 |
                    ByteAt(file, i + 3));
  }
  const int64_t rest = static_cast<int64_t>(file.size() - header);
  int64_t product = 1;
  for (const int64_t size : sizes) {
    if (size < 1) return absl::InvalidArgumentError("has 0 as a dimension, so that nothing is in it");
    // A product beyond the file is wrong already, and must not overflow.
    product = product > rest ? product : product * size;
  }
  if (product == rest) return sizes;
  std::string shown;
  for (const int64_t size : sizes) absl::StrAppend(&shown, shown.empty() ? "" : " × ", size);
  return absl::InvalidArgumentError(
      absl::StrCat(shown, " bytes must be all that follows the header, which is ", rest, " bytes"));
}

}  // namespace

absl::StatusOr<ImageLayout> LayoutOfIdxImages(absl::Span<const std::byte> file) {
  BATON_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, ReadIdx(file, 3));
  return ImageLayout{{16, sizes[1] * sizes[2], sizes[0]}, 0, 1, sizes[1], sizes[2]};
}

absl::StatusOr<Records> LayoutOfIdxLabels(absl::Span<const std::byte> file) {
  BATON_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, ReadIdx(file, 1));
  return Records{8, 1, sizes[0]};
}

absl::StatusOr<ImageLayout> LayoutOfCifar(absl::Span<const std::byte> file, ImageFormat format) {
  BATON_RETURN_IF_ERROR(CheckNotCompressed(file));
  const int64_t labels = format == ImageFormat::kCifar10 ? 1 : 2;
  const int64_t stride = labels + kCifarPixels, bytes = static_cast<int64_t>(file.size());
  if (bytes == 0 || bytes % stride != 0) {
    return absl::InvalidArgumentError(absl::StrCat(bytes, " bytes must be a multiple of CIFAR-",
                                                   labels == 1 ? "10" : "100", "'s ", stride, " bytes an image"));
  }
  return ImageLayout{{0, stride, bytes / stride}, labels, 3, 32, 32};
}

absl::StatusOr<ImageLayout> LayoutOfImages(absl::Span<const std::byte> file, ImageFormat format) {
  BATON_RETURN_IF_ERROR(CheckNotCompressed(file));
  if (format == ImageFormat::kCifar10 || format == ImageFormat::kCifar100) return LayoutOfCifar(file, format);
  absl::StatusOr<ImageLayout> layout = LayoutOfIdxImages(file);
  const bool begins_with_zeros = file.size() >= 2 && ByteAt(file, 0) == 0 && ByteAt(file, 1) == 0;
  if (layout.ok() || format == ImageFormat::kIdx || begins_with_zeros) return layout;
  return absl::InvalidArgumentError(
      absl::StrCat(layout.status().message(), "; for CIFAR, set data.format: CIFAR10 or CIFAR100"));
}

}  // namespace baton
