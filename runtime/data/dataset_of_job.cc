// A job's data fields as options.
#include "runtime/data/dataset_of_job.h"

#include "absl/strings/str_cat.h"
#include "runtime/data/clusters.h"
#include "runtime/data/text.h"
#include "runtime/data/tokens/token_dataset.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

SequenceOrder OrderOf(const proto::Job& job) {
  return {job.data().order() == proto::Data::SHUFFLED, job.run().seed(), BatchGrowth(job)};
}

TokenFormat ToTokenFormat(proto::Data::Format format) {
  switch (format) {
    case proto::Data::LLMC:
      return TokenFormat::kLlmc;
    case proto::Data::UINT16:
      return TokenFormat::kUint16;
    case proto::Data::MEGATRON:
      return TokenFormat::kMegatron;
    default:
      return TokenFormat::kAuto;
  }
}

absl::StatusOr<std::unique_ptr<Dataset>> MakeTokens(const proto::Job& job) {
  TokenDataset::Options options;
  options.pattern = job.data().tokens();
  options.format = ToTokenFormat(job.data().format());
  options.held_out = job.data().held_out();
  options.context = ContextOf(job);
  options.vocabulary = VocabularyOf(job);
  options.vocabulary_field = absl::StrCat("model.", ModelKindOf(job), ".vocabulary");
  return TokenDataset::Create(options, OrderOf(job));
}

}  // namespace

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
  if (data.has_tokens()) return MakeTokens(job);
  TextDataset::Options options;
  options.pattern = data.text();
  options.held_out = data.held_out();
  options.context = ContextOf(job);
  options.seed = job.run().seed();
  if (data.order() == proto::Data::SEQUENTIAL) options.sequential = BatchGrowth(job);
  return TextDataset::Create(options);
}

}  // namespace baton
