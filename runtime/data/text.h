// Text files as sequences of tokens for a language model. Used by dataset_of_job.cc for jobs with data.text.
#ifndef BATON_RUNTIME_DATA_TEXT_H_
#define BATON_RUNTIME_DATA_TEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/content_hash.h"
#include "runtime/data/dataset.h"

namespace baton {

// The regular files that a shell pattern matches, sorted by name as bytes. A file with several names (symbolic or hard
// links) is taken once, by its first name, so that held-out text is never trained on under another name.
// Errors: InvalidArgument that names data.text if no file matches; PermissionDenied and the like with the path.
absl::StatusOr<std::vector<std::string>> ExpandPattern(const std::string& pattern);

// The bytes of files as tokens: the first part of each file is for training, its tail is held out.
//
//   file 1        file 2
//   ┌──────────┬─┐┌─────┬┐
//   │ training │ ││     ││ held out: ⌊held_out · file's bytes⌋ at the end of each
//   └──────────┴─┘└─────┴┘
//
// Each part is one stream over all files. A sequence is `context` tokens; its targets are the tokens that follow each
// of them. A training sequence begins at a random offset, drawn with replacement by its step and position alone.
// Held-out sequences are consecutive.
class TextDataset : public Dataset {
 public:
  struct Options {
    std::string pattern;    // data.text
    double held_out = 0.0;  // data.held_out: at least 0, below 1
    int64_t context = 0;    // tokens of a sequence: at least 1
    uint64_t seed = 0;      // run.seed
  };

  // Reads all files. Errors: those of ExpandPattern and of reading; InvalidArgument if the text is more than 16 GiB, or
  // too short for one training sequence, or (if held_out is above 0) for one held-out sequence.
  static absl::StatusOr<std::unique_ptr<TextDataset>> Create(const Options& options);

  Bytes input_bytes() const override { return context_ * static_cast<Bytes>(sizeof(int32_t)); }
  int64_t num_targets() const override { return context_; }
  int64_t num_training() const override { return static_cast<int64_t>(training_.size()) - context_; }
  int64_t num_held_out() const override {
    return held_out_.empty() ? 0 : (static_cast<int64_t>(held_out_.size()) - 1) / context_;
  }
  // Hashes all training tokens.
  std::string ContentsHash() const override { return HashOf(training_); }
  // inputs: [count, context] i32.
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  TextDataset(int64_t context, uint64_t seed) : context_(context), seed_(seed) {}

  const int64_t context_;
  const uint64_t seed_;
  std::string training_;
  std::string held_out_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TEXT_H_
