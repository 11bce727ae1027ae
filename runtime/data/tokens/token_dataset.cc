// Opens the files, counts their windows, and copies windows.
#include "runtime/data/tokens/token_dataset.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/format.h"
#include "base/status.h"

namespace baton {
namespace {

// The names to open: of a pair that the pattern matches twice, one.
std::vector<std::string> WithoutPairs(std::vector<std::string> names, TokenFormat format) {
  if (format == TokenFormat::kLlmc || format == TokenFormat::kUint16) return names;
  std::set<std::string> bins;
  for (const std::string& name : names) bins.insert(BinOfPair(name));
  return std::vector<std::string>(bins.begin(), bins.end());
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenDataset>> TokenDataset::Create(const Options& options, SequenceOrder order) {
  BATON_ASSIGN_OR_RETURN(std::vector<std::string> names, ExpandPattern("data.tokens", options.pattern));
  std::unique_ptr<TokenDataset> dataset(new TokenDataset(options.context, std::move(order)));
  ContentHash hash;
  int64_t tokens = 0, windows = 0;
  for (const std::string& name : WithoutPairs(std::move(names), options.format)) {
    BATON_ASSIGN_OR_RETURN(TokenFile file, TokenFile::Open(name, options.format));
    BATON_RETURN_IF_ERROR(file.Check(options.vocabulary, options.vocabulary_field, hash));
    hash.Add(absl::StrCat(" ", file.count(), " "));
    tokens += file.count();
    windows += (file.count() - 1) / options.context;
    dataset->windows_.push_back(windows);
    dataset->files_.push_back(std::move(file));
  }
  dataset->contents_hash_ = hash.Hex();
  const int64_t held_out = static_cast<int64_t>(std::floor(options.held_out * static_cast<double>(windows)));
  dataset->num_training_ = windows - held_out;
  if (dataset->num_training_ < 1 && options.held_out < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.tokens: \"", options.pattern, "\" gives no sequence to train on: its ",
                     FormatPlural(dataset->files_.size(), "file"), " with ", FormatPlural(tokens, "token"), " gives ",
                     FormatPlural(windows, "window"), " of ", options.context, " tokens and one more"));
  }
  if (options.held_out > 0 && held_out < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.held_out: ", options.held_out, " of ", windows, " sequences leaves none"));
  }
  return dataset;
}

void TokenDataset::FillWindow(int64_t window, int64_t index, std::byte* inputs, int32_t* targets) const {
  const size_t file = std::upper_bound(windows_.begin(), windows_.end(), window) - windows_.begin();
  const int64_t first = (file == 0 ? window : window - windows_[file - 1]) * context_;
  if (inputs != nullptr) {
    files_[file].Copy(first, context_, reinterpret_cast<int32_t*>(inputs + index * input_bytes()));
  }
  if (targets != nullptr) files_[file].Copy(first + 1, context_, targets + index * context_);
}

void TokenDataset::FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                                int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    FillWindow(order_.At(step, first_sequence + i, num_training_), i, inputs, targets);
  }
}

void TokenDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) FillWindow(num_training_ + first_sequence + i, i, inputs, targets);
}

}  // namespace baton
