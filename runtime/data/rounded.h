// Features in bf16, for models that compute in it. Used by training sessions.
#ifndef BATON_RUNTIME_DATA_ROUNDED_H_
#define BATON_RUNTIME_DATA_ROUNDED_H_

#include <memory>
#include <string>
#include <utility>

#include "runtime/data/dataset.h"

namespace baton {

// The sequences of `features`, whose inputs are f32, with inputs rounded to bf16.
class RoundedDataset final : public Dataset {
 public:
  explicit RoundedDataset(std::unique_ptr<Dataset> features) : features_(std::move(features)) {}

  Bytes input_bytes() const override { return features_->input_bytes() / 2; }
  int64_t num_targets() const override { return features_->num_targets(); }
  int64_t num_training() const override { return features_->num_training(); }
  int64_t num_held_out() const override { return features_->num_held_out(); }
  std::string ContentsHash() const override { return features_->ContentsHash(); }
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  const std::unique_ptr<Dataset> features_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_ROUNDED_H_
