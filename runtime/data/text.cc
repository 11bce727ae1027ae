// Reads the files and cuts sequences from them.
#include "runtime/data/text.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/data/random.h"
#include "runtime/data/text_files.h"
#include "runtime/data/tokenizer/tokenizer.h"

namespace baton {
namespace {

absl::StatusOr<TextTokens> ReadTokens(const TextDataset::Options& options) {
  if (options.tokenizer == "bytes") return ReadTextBytes(options.pattern);
  BATON_ASSIGN_OR_RETURN(const std::unique_ptr<Tokenizer> tokenizer,
                         Tokenizer::Load("data.tokenizer", options.tokenizer));
  if (tokenizer->vocabulary() <= options.vocabulary) return TokenizeText(options.pattern, *tokenizer, options.cache);
  return absl::InvalidArgumentError(absl::StrCat("data.tokenizer: ", options.tokenizer, " has tokens from 0 to ",
                                                 tokenizer->vocabulary() - 1, ", but ", options.vocabulary_field,
                                                 " is ", options.vocabulary));
}

// Writes tokens [offset, offset + context) to sequence `index` of inputs, and each one's next token to targets.
void FillSequence(IdType type, const std::string& numbers, int64_t offset, int64_t context, int64_t index,
                  std::byte* inputs, int32_t* targets) {
  WithIdType(type, [&](auto zero) {
    const auto copy = [&](int64_t first, int32_t* out) {
      const std::byte* data = reinterpret_cast<const std::byte*>(numbers.data()) + first * sizeof(zero);
      for (int64_t i = 0; i < context; ++i)
        out[i] = static_cast<int32_t>(Load<decltype(zero)>(data + i * sizeof(zero)));
    };
    if (inputs != nullptr) copy(offset, reinterpret_cast<int32_t*>(inputs) + index * context);
    if (targets != nullptr) copy(offset + 1, targets + index * context);
  });
}

}  // namespace

TextDataset::TextDataset(const Options& options) : context_(options.context), seed_(options.seed) {
  if (options.sequential) order_ = SequenceOrder{/*shuffled=*/false, options.seed, *options.sequential};
}

absl::StatusOr<std::unique_ptr<TextDataset>> TextDataset::Create(const Options& options) {
  if (options.context < 1) {
    return absl::InvalidArgumentError(absl::StrCat("model context: ", options.context, " must be at least 1"));
  }
  if (!(options.held_out >= 0 && options.held_out <= 1)) {  // 1: to evaluate all
    return absl::InvalidArgumentError(
        absl::StrCat("data.held_out: ", options.held_out, " must be at least 0 and below 1"));
  }
  BATON_ASSIGN_OR_RETURN(TextTokens tokens, ReadTokens(options));
  std::unique_ptr<TextDataset> dataset(new TextDataset(options));
  dataset->type_ = tokens.type;
  const size_t size = static_cast<size_t>(BytesOf(tokens.type));
  for (std::string& file : tokens.files) {
    const double count = static_cast<double>(file.size() / size);
    const size_t held_out = static_cast<size_t>(std::floor(options.held_out * count)) * size;
    dataset->training_.append(file, 0, file.size() - held_out);
    dataset->held_out_.append(file, file.size() - held_out, held_out);
    std::string().swap(file);
  }
  if (dataset->num_training() < 1 && options.held_out < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.text: \"", options.pattern, "\" gives ", dataset->TokensOf(dataset->training_),
                     " tokens to train on, but a sequence needs ", options.context, " and one more"));
  }
  if (options.held_out > 0 && dataset->num_held_out() < 1) {
    return absl::InvalidArgumentError(absl::StrCat("data.held_out: ", options.held_out, " leaves ",
                                                   dataset->TokensOf(dataset->held_out_),
                                                   " tokens, but a sequence needs ", options.context, " and one more"));
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
    FillSequence(type_, training_, offset, context_, i, inputs, targets);
  }
}

void TextDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    FillSequence(type_, held_out_, (first_sequence + i) * context_, context_, i, inputs, targets);
  }
}

}  // namespace baton
