// Reads the files and cuts sequences from them.
#include "runtime/data/text.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/data/files.h"
#include "runtime/data/random.h"

namespace baton {
namespace {

constexpr size_t kMaxTextBytes = size_t{16} << 30;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("data.text: cannot read ", path));
  std::string text;
  std::vector<char> block(1 << 16);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block.data(), static_cast<size_t>(file.gcount()));
    if (text.size() > kMaxTextBytes) {
      return absl::InvalidArgumentError(absl::StrCat("data.text: ", path, " is larger than 16 GiB"));
    }
  }
  if (file.bad()) return absl::ErrnoToStatus(errno == 0 ? EIO : errno, absl::StrCat("data.text: cannot read ", path));
  return text;
}

// Writes tokens [offset, offset + context) to sequence `index` of inputs, and each one's next token to targets.
void FillSequence(const std::string& tokens, int64_t offset, int64_t context, int64_t index, std::byte* inputs,
                  int32_t* targets) {
  const char* first = tokens.data() + offset;
  if (inputs != nullptr) {
    std::byte* sequence = inputs + index * context * static_cast<int64_t>(sizeof(int32_t));
    for (int64_t i = 0; i < context; ++i) {
      const int32_t token = static_cast<unsigned char>(first[i]);
      std::memcpy(sequence + i * static_cast<int64_t>(sizeof(token)), &token, sizeof(token));
    }
  }
  if (targets != nullptr) {
    for (int64_t i = 0; i < context; ++i) targets[index * context + i] = static_cast<unsigned char>(first[i + 1]);
  }
}

}  // namespace

TextDataset::TextDataset(const Options& options) : context_(options.context), seed_(options.seed) {
  if (options.sequential) order_ = SequenceOrder{/*shuffled=*/false, options.seed, *options.sequential};
}

absl::StatusOr<std::unique_ptr<TextDataset>> TextDataset::Create(const Options& options) {
  if (options.context < 1) {
    return absl::InvalidArgumentError(absl::StrCat("model context: ", options.context, " must be at least 1"));
  }
  if (!(options.held_out >= 0 && options.held_out < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.held_out: ", options.held_out, " must be at least 0 and below 1"));
  }
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> files, ExpandPattern("data.text", options.pattern));
  std::unique_ptr<TextDataset> dataset(new TextDataset(options));
  for (const std::string& file : files) {
    BATON_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    const size_t held_out = static_cast<size_t>(std::floor(options.held_out * static_cast<double>(text.size())));
    dataset->training_.append(text, 0, text.size() - held_out);
    dataset->held_out_.append(text, text.size() - held_out, held_out);
    if (dataset->training_.size() + dataset->held_out_.size() > kMaxTextBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("data.text: \"", options.pattern, "\" is more than 16 GiB of text"));
    }
  }
  if (dataset->num_training() < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.text: \"", options.pattern, "\" gives ", dataset->training_.size(),
                     " tokens to train on, but a sequence needs ", options.context, " and one more"));
  }
  if (options.held_out > 0 && dataset->num_held_out() < 1) {
    return absl::InvalidArgumentError(absl::StrCat("data.held_out: ", options.held_out, " leaves ",
                                                   dataset->held_out_.size(), " tokens, but a sequence needs ",
                                                   options.context, " and one more"));
  }
  return dataset;
}

void TextDataset::FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                               int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t offset = order_.has_value()
                               ? order_->At(step, first_sequence + i, num_training()) * context_
                               : RandomBelow(num_training(), seed_, RandomPurpose::kTrainingOrder,
                                             static_cast<uint64_t>(step), static_cast<uint64_t>(first_sequence + i));
    FillSequence(training_, offset, context_, i, inputs, targets);
  }
}

void TextDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    FillSequence(held_out_, (first_sequence + i) * context_, context_, i, inputs, targets);
  }
}

}  // namespace baton
