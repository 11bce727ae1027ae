// Sequences some of whose tokens are masked, for a model that predicts these (Devlin et al. 2019, section 3.1). Used by
// dataset_of_job.cc for jobs with model.bert.
#ifndef BATON_RUNTIME_DATA_MASKED_H_
#define BATON_RUNTIME_DATA_MASKED_H_

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/data/dataset.h"
#include "runtime/job/batch_ramp.h"

namespace baton {

// In each sequence a fixed number of places is chosen at random, so that every batch has the same number of rows with a
// loss. A chosen token becomes the mask, or a random token, or stays; its target is the token that it was. All other
// targets are ignored. The choice depends on the seed and on how many sequences training has taken before, so that
// another pass has other masks; on the number of the sequence for held-out ones, whose masks are always the same.
// `tokens` gives sequences of num_targets() tokens.
class MaskedDataset : public Dataset {
 public:
  struct Options {
    int64_t chosen = 0;      // places of a sequence: 1 to its tokens
    int32_t mask_token = 0;  // data.masking.mask_token
    double masked = 0.8;     // data.masking.masked
    double random = 0.1;     // data.masking.random; with `masked` at most 1
    int64_t vocabulary = 0;  // random tokens are below it
    uint64_t seed = 0;       // run.seed
  };

  MaskedDataset(std::unique_ptr<Dataset> tokens, const Options& options, BatchGrowth batches)
      : tokens_(std::move(tokens)), options_(options), batches_(std::move(batches)) {}

  Bytes input_bytes() const override { return tokens_->input_bytes(); }
  int64_t num_targets() const override { return tokens_->num_targets(); }
  int64_t num_training() const override { return tokens_->num_training(); }
  int64_t num_held_out() const override { return tokens_->num_held_out(); }
  std::string ContentsHash() const override { return tokens_->ContentsHash(); }
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  // Masks a sequence whose tokens stand in `inputs`, and in `targets`; either may be null. `number` is the sequence's.
  void Mask(uint64_t number, int32_t* inputs, int32_t* targets) const;

  const std::unique_ptr<Dataset> tokens_;
  const Options options_;
  const BatchGrowth batches_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_MASKED_H_
