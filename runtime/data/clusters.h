// A synthetic classification set that needs no file. Used by dataset_of_job.cc for jobs with data.clusters, and by
// tests.
#ifndef BATON_RUNTIME_DATA_CLUSTERS_H_
#define BATON_RUNTIME_DATA_CLUSTERS_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/data/dataset.h"

namespace baton {

// Example e belongs to class e mod classes. Each of its features is that of the class's centre, N(0, 1), plus
// noise · N(0, 1). The last ⌊held_out · examples⌋ examples are held out. Each training example is drawn with
// replacement, by its step and position alone.
class ClusterDataset : public Dataset {
 public:
  struct Options {
    int64_t examples = 0;    // data.clusters.examples: at least 1
    int64_t features = 0;    // at least 1; examples · features and classes · features at most 2^28
    int64_t classes = 0;     // at least 1
    double noise = 0.0;      // data.clusters.noise: finite, at least 0
    double held_out = 0.0;   // data.held_out: at least 0, below 1
    uint64_t data_seed = 0;  // data.clusters.seed: of the examples
    uint64_t run_seed = 0;   // run.seed: of the order
  };

  // Draws all examples. Errors: InvalidArgument if a size is beyond its limit or held_out above 0 leaves no example.
  static absl::StatusOr<std::unique_ptr<ClusterDataset>> Create(const Options& options);

  Bytes input_bytes() const override { return options_.features * static_cast<Bytes>(sizeof(float)); }
  int64_t num_targets() const override { return 1; }
  int64_t num_training() const override { return num_training_; }
  int64_t num_held_out() const override { return options_.examples - num_training_; }
  // inputs: [count, features] f32.
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  explicit ClusterDataset(const Options& options);
  void FillExample(int64_t example, int64_t index, std::byte* inputs, int32_t* targets) const;

  const Options options_;
  const int64_t num_training_;
  std::vector<float> features_;  // [examples, features]
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_CLUSTERS_H_
