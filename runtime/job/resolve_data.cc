// Defaults and limits of a job's data.
#include "runtime/job/resolve_data.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

constexpr size_t kLongestPattern = 4096;

// OK if `field` is unset, or goes with the source, which is one of `sources`.
absl::Status CheckGoesWith(const proto::Data& data, const std::string& field, const std::vector<std::string>& sources) {
  const std::string source = DataSourceOf(data);
  if (!data.GetReflection()->HasField(data, proto::Data::descriptor()->FindFieldByName(field))) {
    return absl::OkStatus();
  }
  for (const std::string& each : sources) {
    if (each == source) return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("data.", field, ": goes with data.",
                                                 absl::StrJoin(sources, " and data."), ", not with data.", source));
}

absl::Status CheckFields(const proto::Data& data) {
  BATON_RETURN_IF_ERROR(CheckGoesWith(data, "tokenizer", {"text"}));
  BATON_RETURN_IF_ERROR(CheckGoesWith(data, "format", {"tokens", "images"}));
  BATON_RETURN_IF_ERROR(CheckGoesWith(data, "context", {"text", "tokens"}));
  BATON_RETURN_IF_ERROR(CheckGoesWith(data, "order", {"text", "tokens", "images"}));
  BATON_RETURN_IF_ERROR(CheckGoesWith(data, "labels", {"images"}));
  return CheckGoesWith(data, "masking", {"text", "tokens"});
}

absl::Status CheckPattern(absl::string_view field, const std::string& pattern, absl::string_view why) {
  if (pattern.empty()) return Missing(field, why);
  if (pattern.size() <= kLongestPattern) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", pattern.size(), " characters must be at most ", kLongestPattern));
}

absl::Status ResolveFormat(std::initializer_list<proto::Data::Format> allowed, proto::Data& data) {
  if (!data.has_format()) data.set_format(proto::Data::AUTO);
  const absl::Status status = CheckOneOf<proto::Data::Format>("data.format", data.format(), allowed);
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(status.message(), ", the formats of data.", DataSourceOf(data)));
}

absl::Status ResolveOrder(proto::Data& data) {
  if (!data.has_order()) data.set_order(proto::Data::SHUFFLED);
  return CheckEnum<proto::Data::Order>("data.order", data.order());
}

absl::Status ResolveClusters(const proto::Job& job, proto::Clusters& clusters) {
  if (ReadsTokens(job)) {
    return absl::InvalidArgumentError(absl::StrCat("data.clusters: gives features, but model.", ModelKindOf(job),
                                                   " reads tokens; use data.text, or model.mlp"));
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

absl::Status ResolveMasking(const proto::Job& job, proto::Data& data) {
  if (!IsMaskedModel(job)) {
    if (!data.has_masking()) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat("data.masking: goes with model.bert, not with model.",
                                                   ModelKindOf(job), ", which predicts the tokens that follow"));
  }
  proto::Masking& masking = *data.mutable_masking();
  if (!masking.has_probability()) masking.set_probability(0.15);
  if (!masking.has_masked()) masking.set_masked(0.8);
  if (!masking.has_random()) masking.set_random(0.1);
  if (!masking.has_mask_token()) {
    return Missing("data.masking.mask_token", "the number of the token that stands for a masked one");
  }
  BATON_RETURN_IF_ERROR(CheckPositive("data.masking.probability", masking.probability(), 1));
  BATON_RETURN_IF_ERROR(CheckRange("data.masking.mask_token", masking.mask_token(), 0, VocabularyOf(job) - 1));
  BATON_RETURN_IF_ERROR(CheckReal("data.masking.masked", masking.masked(), 0, 1));
  return CheckReal("data.masking.random", masking.random(), 0, 1 - masking.masked());
}

// The fields that text and token files share.
absl::Status ResolveSequences(const proto::Job& job, proto::Data& data) {
  if (!ReadsTokens(job)) {
    return absl::InvalidArgumentError(absl::StrCat("data.", DataSourceOf(data), ": gives tokens, but model.",
                                                   ModelKindOf(job),
                                                   " reads features; use data.clusters, or model.gpt2"));
  }
  const int64_t longest = LongestContextOf(job);
  if (!data.has_context()) data.set_context(longest);
  BATON_RETURN_IF_ERROR(CheckRange("data.context", data.context(), 1, int64_t{1} << 24));
  if (data.context() > longest) {
    return absl::InvalidArgumentError(absl::StrCat("data.context: ", data.context(), " must be at most model.",
                                                   ModelKindOf(job), ".context: ", longest));
  }
  BATON_RETURN_IF_ERROR(ResolveOrder(data));
  return ResolveMasking(job, data);
}

absl::Status ResolveText(const proto::Job& job, proto::Data& data) {
  BATON_RETURN_IF_ERROR(CheckPattern("data.text", data.text(), "a pattern of text files"));
  if (!data.has_tokenizer()) data.set_tokenizer("bytes");
  BATON_RETURN_IF_ERROR(ResolveSequences(job, data));
  if (data.tokenizer().empty() || data.tokenizer().size() > kLongestPattern) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.tokenizer: ", data.tokenizer().size(), " characters must be from 1 to ", kLongestPattern));
  }
  if (data.tokenizer() != "bytes") return absl::OkStatus();
  if (VocabularyOf(job) < 256) {
    return absl::InvalidArgumentError(absl::StrCat("model.", ModelKindOf(job), ".vocabulary: ", VocabularyOf(job),
                                                   " must be at least 256 for data.tokenizer: \"bytes\""));
  }
  return absl::OkStatus();
}

absl::Status ResolveTokens(const proto::Job& job, proto::Data& data) {
  BATON_RETURN_IF_ERROR(CheckPattern("data.tokens", data.tokens(), "a pattern of files of token numbers"));
  using proto::Data;
  BATON_RETURN_IF_ERROR(ResolveFormat({Data::AUTO, Data::LLMC, Data::UINT16, Data::MEGATRON}, data));
  return ResolveSequences(job, data);
}

absl::Status ResolveImages(const proto::Job& job, proto::Data& data) {
  BATON_RETURN_IF_ERROR(CheckPattern("data.images", data.images(), "a pattern of files of images"));
  using proto::Data;
  BATON_RETURN_IF_ERROR(ResolveFormat({Data::AUTO, Data::IDX, Data::CIFAR10, Data::CIFAR100}, data));
  BATON_RETURN_IF_ERROR(ResolveOrder(data));
  if (ReadsTokens(job)) {
    return absl::InvalidArgumentError(absl::StrCat("data.images: gives features, but model.", ModelKindOf(job),
                                                   " reads tokens; use data.text or data.tokens"));
  }
  if (data.format() == Data::AUTO || data.format() == Data::IDX) {
    return CheckPattern("data.labels", data.labels(), "a pattern of files of labels, one for each of data.images");
  }
  if (!data.has_labels()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("data.labels: goes with data.format: IDX; files of ",
                                                 Data::Format_Name(data.format()), " contain their labels"));
}

}  // namespace

absl::Status ResolveData(const proto::Job& job, proto::Data& data) {
  if (data.source_case() == proto::Data::SOURCE_NOT_SET) {
    return Missing("data", "text or tokens: \"a pattern of files\", images, or clusters { … }");
  }
  BATON_RETURN_IF_ERROR(CheckFields(data));
  if (!data.has_held_out()) data.set_held_out(0);
  switch (data.source_case()) {
    case proto::Data::kText:
      BATON_RETURN_IF_ERROR(ResolveText(job, data));
      break;
    case proto::Data::kTokens:
      BATON_RETURN_IF_ERROR(ResolveTokens(job, data));
      break;
    case proto::Data::kClusters:
      BATON_RETURN_IF_ERROR(ResolveClusters(job, *data.mutable_clusters()));
      break;
    default:
      BATON_RETURN_IF_ERROR(ResolveImages(job, data));
      break;
  }
  return CheckFraction("data.held_out", data.held_out());
}

}  // namespace baton
