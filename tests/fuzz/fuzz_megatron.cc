// Fuzzes the index of Megatron-LM's files of tokens: the runs of an accepted one are in order and inside the .bin.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "runtime/data/tokens/token_layout.h"

// The first two bytes are the size of the .bin, the rest is the index.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const int64_t bin_bytes = data[0] | data[1] << 8;
  const auto layout =
      baton::LayoutOfMegatron(absl::MakeConstSpan(reinterpret_cast<const std::byte*>(data + 2), size - 2), bin_bytes);
  if (!layout.ok()) return 0;
  int64_t count = 0;
  for (const baton::TokenRun& run : layout->runs) {
    if (run.first != count || run.count < 1 || run.offset < 0) std::abort();
    if (run.offset + run.count * baton::BytesOf(layout->type) > bin_bytes) std::abort();
    count += run.count;
  }
  if (count != layout->count || count < 1) std::abort();
  return 0;
}
