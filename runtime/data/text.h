// Text files as sequences of tokens for a language model. Used by dataset_of_job.cc for jobs with data.text.
#ifndef BATON_RUNTIME_DATA_TEXT_H_
#define BATON_RUNTIME_DATA_TEXT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "base/content_hash.h"
#include "runtime/data/dataset.h"
#include "runtime/data/sequence_order.h"
#include "runtime/data/tokens/id_type.h"

namespace baton {

// The tokens of files: the first part of each file is for training, its tail is held out.
//
//   file 1        file 2
//   ┌──────────┬─┐┌─────┬┐
//   │ training │ ││     ││ held out: ⌊held_out · file's tokens⌋ at the end of each
//   └──────────┴─┘└─────┴┘
//
// Each part is one stream over all files. A sequence is `context` tokens; its targets are the tokens that follow each
// of them. A training sequence begins at a random offset, drawn with replacement by its step and position alone; or
// sequences are consecutive and share one token with their neighbours, as held-out sequences always are.
class TextDataset : public Dataset {
 public:
  struct Options {
    std::string pattern;    // data.text
    double held_out = 0.0;  // data.held_out: at least 0, below 1
    int64_t context = 0;    // tokens of a sequence: at least 1
    uint64_t seed = 0;      // run.seed
    // For data.order: SEQUENTIAL, the sizes of steps; otherwise sequences begin at random offsets.
    std::optional<BatchGrowth> sequential = {};
    std::string tokenizer = "bytes";    // data.tokenizer
    std::string cache = {};             // the file that keeps what a tokenizer gave; empty: none
    int64_t vocabulary = 256;           // of the model; tokens are below it
    std::string vocabulary_field = {};  // the job's field of the vocabulary, for messages
  };

  // Reads all files. Errors: those of ReadTextBytes, or of Tokenizer::Load and TokenizeText; InvalidArgument if the
  // tokenizer has more tokens than the model, or the text is too short for one training sequence, or (if held_out is
  // above 0) for one held-out sequence.
  static absl::StatusOr<std::unique_ptr<TextDataset>> Create(const Options& options);

  Bytes input_bytes() const override { return context_ * static_cast<Bytes>(sizeof(int32_t)); }
  int64_t num_targets() const override { return context_; }
  // The number of offsets, or of consecutive sequences.
  int64_t num_training() const override {
    const int64_t tokens = TokensOf(training_);
    return order_.has_value() ? NumConsecutive(tokens) : tokens - context_;
  }
  int64_t num_held_out() const override { return NumConsecutive(TokensOf(held_out_)); }
  // Hashes all training tokens.
  std::string ContentsHash() const override { return HashOf(training_); }
  // inputs: [count, context] i32.
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  explicit TextDataset(const Options& options);
  int64_t TokensOf(const std::string& numbers) const { return static_cast<int64_t>(numbers.size()) / BytesOf(type_); }
  int64_t NumConsecutive(int64_t tokens) const { return tokens == 0 ? 0 : (tokens - 1) / context_; }

  const int64_t context_;
  const uint64_t seed_;
  std::optional<SequenceOrder> order_;  // of consecutive sequences
  IdType type_ = IdType::kUint8;
  std::string training_, held_out_;  // numbers of the type
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TEXT_H_
