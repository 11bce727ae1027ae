// Fuzzes files of tokens, llm.c's and those without a header: each token of an accepted file is one of the vocabulary,
// and copied windows are its tokens.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "absl/strings/str_cat.h"
#include "runtime/data/tokens/token_dataset.h"

namespace {

constexpr int64_t kVocabulary = 300, kContext = 5;

void Check(const baton::TokenDataset& dataset) {
  std::vector<int32_t> inputs(kContext), targets(kContext);
  for (int64_t i = 0; i < dataset.num_held_out(); ++i) {
    dataset.FillHeldOut(i, 1, reinterpret_cast<std::byte*>(inputs.data()), targets.data());
  }
  for (int64_t i = 0; i < dataset.num_training(); ++i) {
    dataset.FillTraining(i, 0, 1, reinterpret_cast<std::byte*>(inputs.data()), targets.data());
    for (int64_t k = 0; k < kContext; ++k) {
      if (inputs[k] < 0 || inputs[k] >= kVocabulary || targets[k] < 0 || targets[k] >= kVocabulary) std::abort();
      if (k + 1 < kContext && targets[k] != inputs[k + 1]) std::abort();
    }
  }
}

}  // namespace

// The first byte chooses the format, the second the share that is held out; the rest is the file.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const int descriptor = memfd_create("tokens", MFD_CLOEXEC);
  const auto bytes = static_cast<ssize_t>(size - 2);
  if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data + 2, size - 2, 0) != bytes) std::abort();
  baton::TokenDataset::Options options;
  options.pattern = absl::StrCat("/proc/self/fd/", descriptor);
  constexpr baton::TokenFormat kFormats[] = {baton::TokenFormat::kAuto, baton::TokenFormat::kLlmc,
                                             baton::TokenFormat::kUint16, baton::TokenFormat::kMegatron};
  options.format = kFormats[data[0] % 4];
  options.held_out = data[1] / 256.0;
  options.context = kContext;
  options.vocabulary = kVocabulary;
  baton::proto::Job job;
  job.mutable_batch()->set_sequences(1);
  const auto dataset = baton::TokenDataset::Create(options, {data[0] >= 128, data[1], baton::BatchGrowth(job)});
  if (dataset.ok()) Check(**dataset);
  return 0;
}
