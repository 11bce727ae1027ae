// Fuzzes files of images and labels: the records of an accepted file are inside it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "runtime/data/images/image_layout.h"

namespace {

void Check(const baton::Records& records, int64_t before, int64_t used, size_t size) {
  if (records.count < 1 || records.offset < 0 || before < 0 || before + used > records.stride) std::abort();
  if (records.offset + records.count * records.stride > static_cast<int64_t>(size)) std::abort();
}

}  // namespace

// The first byte chooses the format, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const auto file = absl::MakeConstSpan(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  constexpr baton::ImageFormat kFormats[] = {baton::ImageFormat::kAuto, baton::ImageFormat::kIdx,
                                             baton::ImageFormat::kCifar10, baton::ImageFormat::kCifar100};
  if (const auto layout = baton::LayoutOfImages(file, kFormats[data[0] % 4]); layout.ok()) {
    Check(layout->records, layout->pixels, layout->channels * layout->height * layout->width, file.size());
  }
  if (const auto labels = baton::LayoutOfIdxLabels(file); labels.ok()) Check(*labels, 0, 1, file.size());
  return 0;
}
