// Fuzzes the data set of text: each token and target of an accepted file is a byte of it.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/data/text.h"

namespace {

void Check(const std::vector<std::byte>& inputs, const std::vector<int32_t>& targets) {
  for (size_t i = 0; i < targets.size(); ++i) {
    int32_t token;
    std::memcpy(&token, &inputs[i * sizeof(token)], sizeof(token));
    if (token < 0 || token > 255 || targets[i] < 0 || targets[i] > 255) std::abort();
    if (i + 1 < targets.size()) {
      int32_t next;
      std::memcpy(&next, &inputs[(i + 1) * sizeof(next)], sizeof(next));
      if (targets[i] != next) std::abort();
    }
  }
}

}  // namespace

// The first byte is the context, the second the share that is held out, the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const int descriptor = memfd_create("text", MFD_CLOEXEC);
  const auto bytes = static_cast<ssize_t>(size - 2);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data + 2, size - 2, 0) != bytes) std::abort();
  baton::TextDataset::Options options;
  options.pattern = absl::StrCat("/proc/self/fd/", descriptor);
  options.context = data[0];
  options.held_out = data[1] / 256.0;
  const auto dataset = baton::TextDataset::Create(options);
  if (!dataset.ok()) return 0;
  std::vector<std::byte> inputs(static_cast<size_t>((*dataset)->input_bytes()));
  std::vector<int32_t> targets(static_cast<size_t>(options.context));
  for (int step = 0; step < 4; ++step) {
    (*dataset)->FillTraining(step, 0, 1, inputs.data(), targets.data());
    Check(inputs, targets);
  }
  for (int64_t i = 0; i < (*dataset)->num_held_out(); ++i) {
    (*dataset)->FillHeldOut(i, 1, inputs.data(), targets.data());
    Check(inputs, targets);
  }
  return 0;
}
