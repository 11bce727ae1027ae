// A job's data fields as options.
#include "runtime/data/dataset_of_job.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/data/clusters.h"
#include "runtime/data/images/image_dataset.h"
#include "runtime/data/masked.h"
#include "runtime/data/text.h"
#include "runtime/data/tokens/token_dataset.h"
#include "runtime/job/batch_ramp.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

SequenceOrder OrderOf(const proto::Job& job) {
  return {job.data().order() == proto::Data::SHUFFLED, job.run().seed(), BatchGrowth(job)};
}

std::string VocabularyField(const proto::Job& job) { return absl::StrCat("model.", ModelKindOf(job), ".vocabulary"); }

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
  options.vocabulary_field = VocabularyField(job);
  return TokenDataset::Create(options, OrderOf(job));
}

ImageFormat ToImageFormat(proto::Data::Format format) {
  switch (format) {
    case proto::Data::IDX:
      return ImageFormat::kIdx;
    case proto::Data::CIFAR10:
      return ImageFormat::kCifar10;
    case proto::Data::CIFAR100:
      return ImageFormat::kCifar100;
    default:
      return ImageFormat::kAuto;
  }
}

absl::StatusOr<std::unique_ptr<Dataset>> MakeImages(const proto::Job& job) {
  ImageDataset::Options options;
  options.images = job.data().images();
  options.labels = job.data().labels();
  options.format = ToImageFormat(job.data().format());
  options.held_out = job.data().held_out();
  options.classes = NumClasses(job);
  options.features = NumFeatures(job);
  if (const proto::Image* image = ImageOf(job)) {
    options.channels = image->channels();
    options.height = image->height();
    options.width = image->width();
    options.features = options.channels * options.height * options.width;
  }
  return ImageDataset::Create(options, OrderOf(job));
}

absl::StatusOr<std::unique_ptr<Dataset>> MakeText(const proto::Job& job, const std::string& token_cache) {
  TextDataset::Options options;
  options.pattern = job.data().text();
  options.held_out = job.data().held_out();
  options.context = ContextOf(job);
  options.seed = job.run().seed();
  if (job.data().order() == proto::Data::SEQUENTIAL) options.sequential = BatchGrowth(job);
  options.tokenizer = job.data().tokenizer();
  options.cache = token_cache;
  options.vocabulary = VocabularyOf(job);
  options.vocabulary_field = VocabularyField(job);
  return TextDataset::Create(options);
}

absl::StatusOr<std::unique_ptr<Dataset>> MakeClusters(const proto::Job& job) {
  ClusterDataset::Options options;
  options.examples = job.data().clusters().examples();
  options.features = NumFeatures(job);
  options.classes = NumClasses(job);
  options.noise = job.data().clusters().noise();
  options.held_out = job.data().held_out();
  options.data_seed = job.data().clusters().seed();
  options.run_seed = job.run().seed();
  return ClusterDataset::Create(options);
}

std::unique_ptr<Dataset> MakeMasked(const proto::Job& job, std::unique_ptr<Dataset> tokens) {
  MaskedDataset::Options options;
  options.chosen = MaskedTokensOf(job);
  options.mask_token = static_cast<int32_t>(job.data().masking().mask_token());
  options.masked = job.data().masking().masked();
  options.random = job.data().masking().random();
  options.vocabulary = VocabularyOf(job);
  options.seed = job.run().seed();
  return std::make_unique<MaskedDataset>(std::move(tokens), options, BatchGrowth(job));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Dataset>> MakeDataset(const proto::Job& job, const std::string& token_cache) {
  if (job.data().has_clusters()) return MakeClusters(job);
  if (job.data().has_images()) return MakeImages(job);
  BATON_ASSIGN_OR_RETURN(std::unique_ptr<Dataset> tokens,
                         job.data().has_tokens() ? MakeTokens(job) : MakeText(job, token_cache));
  return IsMaskedModel(job) ? MakeMasked(job, std::move(tokens)) : std::move(tokens);
}

}  // namespace baton
