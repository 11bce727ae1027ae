// Draws centres and the examples around them.
#include "runtime/data/clusters.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "runtime/data/random.h"

namespace baton {
namespace {

constexpr int64_t kMaxNumbers = int64_t{1} << 28;

int64_t NumHeldOut(const ClusterDataset::Options& options) {
  return static_cast<int64_t>(std::floor(options.held_out * static_cast<double>(options.examples)));
}

}  // namespace

ClusterDataset::ClusterDataset(const Options& options)
    : options_(options), num_training_(options.examples - NumHeldOut(options)) {
  std::vector<double> centers(static_cast<size_t>(options.classes * options.features));
  for (int64_t c = 0; c < options.classes; ++c) {
    for (int64_t f = 0; f < options.features; ++f) {
      centers[c * options.features + f] = RandomNormal(options.data_seed, RandomPurpose::kClusterCenters, c, f);
    }
  }
  features_.resize(static_cast<size_t>(options.examples * options.features));
  for (int64_t e = 0; e < options.examples; ++e) {
    const double* center = &centers[e % options.classes * options.features];
    for (int64_t f = 0; f < options.features; ++f) {
      const double noise = RandomNormal(options.data_seed, RandomPurpose::kClusterNoise, e, f);
      features_[e * options.features + f] = static_cast<float>(center[f] + options.noise * noise);
    }
  }
}

absl::StatusOr<std::unique_ptr<ClusterDataset>> ClusterDataset::Create(const Options& options) {
  const auto check = [&](const char* what, int64_t value) {
    if (value >= 1 && value <= kMaxNumbers) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("data.clusters: ", value, " ", what, " must be from 1 to ", kMaxNumbers));
  };
  if (absl::Status status = check("features", options.features); !status.ok()) return status;
  if (absl::Status status = check("examples", options.examples); !status.ok()) return status;
  if (absl::Status status = check("classes", options.classes); !status.ok()) return status;
  if (absl::Status status = check("numbers", options.examples * options.features); !status.ok()) return status;
  if (absl::Status status = check("numbers", options.classes * options.features); !status.ok()) return status;
  if (!(options.noise >= 0 && std::isfinite(options.noise))) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.clusters.noise: ", options.noise, " must be a finite number of at least 0"));
  }
  if (!(options.held_out >= 0 && options.held_out <= 1)) {  // 1: to evaluate all
    return absl::InvalidArgumentError(
        absl::StrCat("data.held_out: ", options.held_out, " must be at least 0 and below 1"));
  }
  if (options.held_out > 0 && NumHeldOut(options) < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.held_out: ", options.held_out, " of ", options.examples, " examples leaves none"));
  }
  return std::unique_ptr<ClusterDataset>(new ClusterDataset(options));
}

void ClusterDataset::FillExample(int64_t example, int64_t index, std::byte* inputs, int32_t* targets) const {
  if (inputs != nullptr) {
    std::memcpy(inputs + index * input_bytes(), &features_[example * options_.features],
                static_cast<size_t>(input_bytes()));
  }
  if (targets != nullptr) targets[index] = static_cast<int32_t>(example % options_.classes);
}

void ClusterDataset::FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                                  int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t example = RandomBelow(num_training_, options_.run_seed, RandomPurpose::kTrainingOrder,
                                        static_cast<uint64_t>(step), static_cast<uint64_t>(first_sequence + i));
    FillExample(example, i, inputs, targets);
  }
}

void ClusterDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    FillExample(num_training_ + first_sequence + i, i, inputs, targets);
  }
}

}  // namespace baton
