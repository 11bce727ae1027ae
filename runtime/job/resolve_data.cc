// Defaults and limits of a job's data.
#include "runtime/job/resolve_data.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

absl::Status ResolveClusters(const proto::Job& job, proto::Clusters& clusters) {
  if (job.model().has_gpt2()) {
    return absl::InvalidArgumentError(
        "data.clusters: gives features, but model.gpt2 reads tokens; use data.text, or model.mlp");
  }
  if (job.data().has_tokenizer()) {
    return absl::InvalidArgumentError("data.tokenizer: goes with data.text, not with data.clusters");
  }
  if (!clusters.has_examples()) clusters.set_examples(4096);
  if (!clusters.has_seed()) clusters.set_seed(1);
  if (!clusters.has_noise()) clusters.set_noise(0.5);
  BATON_RETURN_IF_ERROR(CheckRange("data.clusters.examples", clusters.examples(), 1, 1 << 24));
  BATON_RETURN_IF_ERROR(CheckReal("data.clusters.noise", clusters.noise(), 0, 1000));
  const int64_t features = NumFeatures(job);
  if (clusters.examples() > kMaxClusterElements / features) {
    return absl::InvalidArgumentError(absl::StrCat("data.clusters.examples: ", clusters.examples(), " examples of ",
                                                   features, " features must be at most ", kMaxClusterElements,
                                                   " numbers"));
  }
  if (NumClasses(job) > kMaxClusterElements / features) {
    return absl::InvalidArgumentError(absl::StrCat("data.clusters: ", NumClasses(job), " classes of ", features,
                                                   " features must be at most ", kMaxClusterElements, " numbers"));
  }
  return absl::OkStatus();
}

absl::Status ResolveText(const proto::Job& job, proto::Data& data) {
  if (data.text().empty()) return Missing("data.text", "a pattern of text files");
  if (data.text().size() > 4096) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.text: ", data.text().size(), " characters must be at most 4096"));
  }
  if (!data.has_tokenizer()) data.set_tokenizer("bytes");
  if (data.tokenizer() != "bytes") {
    return absl::InvalidArgumentError(absl::StrCat("data.tokenizer: \"", data.tokenizer(), "\" must be \"bytes\""));
  }
  if (!job.model().has_gpt2()) {
    return absl::InvalidArgumentError(absl::StrCat("data.text: gives tokens, but model.",
                                                   job.model().has_mlp() ? "mlp" : "layer",
                                                   " reads features; use data.clusters, or model.gpt2"));
  }
  if (job.model().gpt2().vocabulary() < 256) {
    return absl::InvalidArgumentError(absl::StrCat("model.gpt2.vocabulary: ", job.model().gpt2().vocabulary(),
                                                   " must be at least 256 for data.tokenizer: \"bytes\""));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ResolveData(const proto::Job& job, proto::Data& data) {
  if (!data.has_held_out()) data.set_held_out(0);
  switch (data.source_case()) {
    case proto::Data::kText:
      BATON_RETURN_IF_ERROR(ResolveText(job, data));
      break;
    case proto::Data::kClusters:
      BATON_RETURN_IF_ERROR(ResolveClusters(job, *data.mutable_clusters()));
      break;
    case proto::Data::SOURCE_NOT_SET:
      return Missing("data", "text: \"a pattern of files\" or clusters { … }");
    case proto::Data::kTokens:
    case proto::Data::kImages:
      return absl::InvalidArgumentError("data: tokens and images are not read yet");
  }
  return CheckFraction("data.held_out", data.held_out());
}

}  // namespace baton
