// Files of token numbers as sequences for a language model. Used by dataset_of_job.cc for jobs with data.tokens.
#ifndef BATON_RUNTIME_DATA_TOKENS_TOKEN_DATASET_H_
#define BATON_RUNTIME_DATA_TOKENS_TOKEN_DATASET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/data/dataset.h"
#include "runtime/data/sequence_order.h"
#include "runtime/data/tokens/token_file.h"

namespace baton {

// Window k of a file is its tokens [k · context, k · context + context]: the first `context` of them are the inputs,
// the last `context` the targets, so that neighbours share one token. Windows do not cross files, and a file's last
// tokens that fill no window are not used. Windows are counted through the files, sorted by name; the last ⌊held_out ·
// windows⌋ are held out.
//
//   file 1, context 3                file 2
//   ┌─────────────────────────────┐  ┌────────────────┐
//   │ a b c d e f g h i (j k)     │  │ m n o p (q)    │
//   │ ╰──0──╯     ╰──2… not whole │  │ ╰──2──╯        │
//   │       ╰──1──╯               │  └────────────────┘
//   └─────────────────────────────┘
class TokenDataset : public Dataset {
 public:
  struct Options {
    std::string pattern;  // data.tokens
    TokenFormat format = TokenFormat::kAuto;
    double held_out = 0.0;         // data.held_out: at least 0, below 1
    int64_t context = 0;           // data.context: at least 1
    int64_t vocabulary = 0;        // at least 1
    std::string vocabulary_field;  // the job's field of the vocabulary, for messages
  };

  // Reads all files once to check their tokens. Errors: those of ExpandPattern and TokenFile; InvalidArgument if no
  // window is left to train on or (if held_out is above 0) to hold out.
  static absl::StatusOr<std::unique_ptr<TokenDataset>> Create(const Options& options, SequenceOrder order);

  Bytes input_bytes() const override { return context_ * static_cast<Bytes>(sizeof(int32_t)); }
  int64_t num_targets() const override { return context_; }
  int64_t num_training() const override { return num_training_; }
  int64_t num_held_out() const override { return windows_.back() - num_training_; }
  // Hashes all tokens, the held-out ones too, and how many each file has.
  std::string ContentsHash() const override { return contents_hash_; }
  // inputs: [count, context] i32.
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  TokenDataset(int64_t context, SequenceOrder order) : context_(context), order_(std::move(order)) {}
  // Writes window `window` of all files to sequence `index`.
  void FillWindow(int64_t window, int64_t index, std::byte* inputs, int32_t* targets) const;

  const int64_t context_;
  const SequenceOrder order_;
  std::vector<TokenFile> files_;
  std::vector<int64_t> windows_;  // of files 0 to i
  int64_t num_training_ = 0;
  std::string contents_hash_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_TOKENS_TOKEN_DATASET_H_
