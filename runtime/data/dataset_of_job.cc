// A job's data fields as options.
#include "runtime/data/dataset_of_job.h"

#include "runtime/data/clusters.h"
#include "runtime/data/text.h"
#include "runtime/job/resolve.h"

namespace baton {

absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const proto::Job& job) {
  const proto::Data& data = job.data();
  if (data.has_clusters()) {
    ClusterDataset::Options options;
    options.examples = data.clusters().examples();
    options.features = NumFeatures(job);
    options.classes = NumClasses(job);
    options.noise = data.clusters().noise();
    options.held_out = data.held_out();
    options.data_seed = data.clusters().seed();
    options.run_seed = job.run().seed();
    return ClusterDataset::Create(options);
  }
  TextDataset::Options options;
  options.pattern = data.text();
  options.held_out = data.held_out();
  options.context = ContextOf(job);
  options.seed = job.run().seed();
  return TextDataset::Create(options);
}

}  // namespace baton
