// Defaults and limits of language models: gpt2, llama and bert.
#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "runtime/job/limits.h"
#include "runtime/job/model_sizes.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

constexpr int64_t kMostVocabulary = int64_t{1} << 24;

// Fills what has a default and checks what was given. `llama` has the required fields.
absl::Status ResolveHeads(proto::Llama& llama) {
  if (!llama.has_key_value_heads()) llama.set_key_value_heads(llama.heads());
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.key_value_heads", llama.key_value_heads(), 1, 1024));
  BATON_RETURN_IF_ERROR(
      CheckDivides("model.llama.key_value_heads", llama.key_value_heads(), "model.llama.heads", llama.heads()));
  if (!llama.has_head_width()) {
    BATON_RETURN_IF_ERROR(CheckDivides("model.llama.heads", llama.heads(), "model.llama.width", llama.width()));
    llama.set_head_width(llama.width() / llama.heads());
  }
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.head_width", llama.head_width(), 1, 65536));
  if (llama.head_width() % 2 == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("model.llama.head_width: ", llama.head_width(), " must be even, since rotary positions turn pairs"));
}

}  // namespace

absl::Status CheckDivides(absl::string_view part_field, int64_t part, absl::string_view whole_field, int64_t whole) {
  if (whole % part == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(part_field, ": ", part, " does not divide ", whole_field, ": ", whole));
}

absl::Status ResolveGpt2(int64_t sequence, proto::Gpt2& gpt2, ModelSizes& sizes) {
  if (!gpt2.has_layers()) return Missing("model.gpt2.layers", "the number of transformer blocks");
  if (!gpt2.has_width()) return Missing("model.gpt2.width", "the width of an embedding");
  if (!gpt2.has_heads()) return Missing("model.gpt2.heads", "the number of attention heads");
  if (!gpt2.has_context()) return Missing("model.gpt2.context", "the most tokens of a sequence");
  if (!gpt2.has_vocabulary()) return Missing("model.gpt2.vocabulary", "the number of different tokens");
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.layers", gpt2.layers(), 1, kMaxLayers));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.width", gpt2.width(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.heads", gpt2.heads(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.context", gpt2.context(), 1, int64_t{1} << 20));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.vocabulary", gpt2.vocabulary(), 2, kMostVocabulary));
  BATON_RETURN_IF_ERROR(CheckDivides("model.gpt2.heads", gpt2.heads(), "model.gpt2.width", gpt2.width()));
  if (!gpt2.has_activation()) gpt2.set_activation(proto::GELU);
  if (!gpt2.has_feed_forward()) gpt2.set_feed_forward(4 * gpt2.width());
  if (!gpt2.has_epsilon()) gpt2.set_epsilon(1e-5);
  if (!gpt2.has_tied()) gpt2.set_tied(true);
  BATON_RETURN_IF_ERROR(CheckActivation("model.gpt2.activation", gpt2.activation()));
  BATON_RETURN_IF_ERROR(CheckRange("model.gpt2.feed_forward", gpt2.feed_forward(), 1, kMaxWidth));
  BATON_RETURN_IF_ERROR(CheckPositive("model.gpt2.epsilon", gpt2.epsilon(), 1));
  const double width = gpt2.width(), inner = gpt2.feed_forward(), vocabulary = gpt2.vocabulary();
  const double tables = vocabulary * (gpt2.tied() ? 1 : 2) + gpt2.context();
  sizes.parameters = gpt2.layers() * (4 * width * width + 2 * width * inner + 9 * width + inner) + (tables + 2) * width;
  const double tokens = sequence;
  sizes.widest = std::max(tokens * std::max({3 * width, inner, vocabulary}), gpt2.heads() * tokens * tokens);
  return absl::OkStatus();
}

absl::Status ResolveRotary(absl::string_view field, proto::Rotary& rotary) {
  if (!rotary.has_base()) rotary.set_base(10000);
  if (!rotary.has_factor()) rotary.set_factor(1);
  if (!rotary.has_low_frequency()) rotary.set_low_frequency(1);
  const bool is_yarn = rotary.stretch() == proto::Rotary::YARN;
  if (!rotary.has_high_frequency()) rotary.set_high_frequency(is_yarn ? 32 : 4);
  if (!rotary.has_context()) rotary.set_context(8192);
  const auto name = [&](const char* part) { return absl::StrCat(field, ".", part); };
  if (!(rotary.base() > 1 && rotary.base() <= 1e12)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name("base"), ": ", rotary.base(), " must be above 1 and at most 1e+12"));
  }
  BATON_RETURN_IF_ERROR(CheckReal(name("factor"), rotary.factor(), 1, 1e6));
  if (!rotary.has_magnitude()) rotary.set_magnitude(is_yarn ? 0.1 * std::log(rotary.factor()) + 1 : 1);
  BATON_RETURN_IF_ERROR(CheckPositive(name("magnitude"), rotary.magnitude(), 1e6));
  if (rotary.blends_between_pairs() && !is_yarn) {
    return absl::InvalidArgumentError(absl::StrCat(name("blends_between_pairs"), ": true needs stretch: YARN"));
  }
  BATON_RETURN_IF_ERROR(CheckPositive(name("low_frequency"), rotary.low_frequency(), 1e6));
  BATON_RETURN_IF_ERROR(CheckPositive(name("context"), rotary.context(), 1e12));
  if (rotary.high_frequency() > rotary.low_frequency() && rotary.high_frequency() <= 1e6) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name("high_frequency"), ": ", rotary.high_frequency(),
                                                 " must be above low_frequency: ", rotary.low_frequency(),
                                                 " and at most 1e+06"));
}

absl::Status ResolveLlama(int64_t sequence, proto::Llama& llama, ModelSizes& sizes) {
  if (!llama.has_layers()) return Missing("model.llama.layers", "the number of transformer blocks");
  if (!llama.has_width()) return Missing("model.llama.width", "the width of an embedding");
  if (!llama.has_heads()) return Missing("model.llama.heads", "the number of heads of the queries");
  if (!llama.has_feed_forward()) return Missing("model.llama.feed_forward", "the width of the gated feed-forward half");
  if (!llama.has_context()) return Missing("model.llama.context", "the most tokens of a sequence");
  if (!llama.has_vocabulary()) return Missing("model.llama.vocabulary", "the number of different tokens");
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.layers", llama.layers(), 1, kMaxLayers));
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.width", llama.width(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.heads", llama.heads(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.feed_forward", llama.feed_forward(), 1, kMaxWidth));
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.context", llama.context(), 1, int64_t{1} << 24));
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.vocabulary", llama.vocabulary(), 2, kMostVocabulary));
  BATON_RETURN_IF_ERROR(ResolveHeads(llama));
  if (!llama.has_activation()) llama.set_activation(proto::SILU);
  if (!llama.has_epsilon()) llama.set_epsilon(1e-5);
  if (!llama.has_window()) llama.set_window(0);
  if (!llama.has_tied()) llama.set_tied(false);
  if (!llama.has_query_key_value_bias()) llama.set_query_key_value_bias(false);
  if (!llama.has_attention_output_bias()) llama.set_attention_output_bias(false);
  if (!llama.has_feed_forward_bias()) llama.set_feed_forward_bias(false);
  if (!llama.has_query_key_norm()) llama.set_query_key_norm(false);
  BATON_RETURN_IF_ERROR(CheckActivation("model.llama.activation", llama.activation()));
  BATON_RETURN_IF_ERROR(CheckPositive("model.llama.epsilon", llama.epsilon(), 1));
  BATON_RETURN_IF_ERROR(CheckRange("model.llama.window", llama.window(), 0, int64_t{1} << 24));
  BATON_RETURN_IF_ERROR(ResolveRotary("model.llama.rotary", *llama.mutable_rotary()));
  const double width = llama.width(), inner = llama.feed_forward(), vocabulary = llama.vocabulary();
  const double queries = static_cast<double>(llama.heads()) * llama.head_width();
  const double row = queries + 2.0 * llama.key_value_heads() * llama.head_width();
  const double block = width * (row + queries + 3 * inner + 2) + row + 3 * inner + width + 2 * llama.head_width();
  sizes.parameters = llama.layers() * block + (vocabulary * (llama.tied() ? 1 : 2) + 1) * width;
  const double tokens = sequence;
  sizes.widest = std::max(tokens * std::max({width, row, 2 * inner, vocabulary}), llama.heads() * tokens * tokens);
  return absl::OkStatus();
}

absl::Status ResolveBert(int64_t sequence, proto::Bert& bert, ModelSizes& sizes) {
  if (!bert.has_layers()) return Missing("model.bert.layers", "the number of transformer blocks");
  if (!bert.has_width()) return Missing("model.bert.width", "the width of an embedding");
  if (!bert.has_heads()) return Missing("model.bert.heads", "the number of attention heads");
  if (!bert.has_context()) return Missing("model.bert.context", "the most tokens of a sequence");
  if (!bert.has_vocabulary()) return Missing("model.bert.vocabulary", "the number of different tokens");
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.layers", bert.layers(), 1, kMaxLayers));
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.width", bert.width(), 1, 65536));
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.heads", bert.heads(), 1, 1024));
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.context", bert.context(), 1, int64_t{1} << 20));
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.vocabulary", bert.vocabulary(), 2, kMostVocabulary));
  BATON_RETURN_IF_ERROR(CheckDivides("model.bert.heads", bert.heads(), "model.bert.width", bert.width()));
  if (!bert.has_feed_forward()) bert.set_feed_forward(4 * bert.width());
  if (!bert.has_segments()) bert.set_segments(2);
  if (!bert.has_activation()) bert.set_activation(proto::GELU);
  if (!bert.has_epsilon()) bert.set_epsilon(1e-12);
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.feed_forward", bert.feed_forward(), 1, kMaxWidth));
  // Ids, segment · vocabulary + token, are 32-bit numbers.
  BATON_RETURN_IF_ERROR(CheckRange("model.bert.segments", bert.segments(), 1,
                                   std::min<int64_t>(1024, ((int64_t{1} << 31) - 1) / bert.vocabulary())));
  BATON_RETURN_IF_ERROR(CheckActivation("model.bert.activation", bert.activation()));
  BATON_RETURN_IF_ERROR(CheckPositive("model.bert.epsilon", bert.epsilon(), 1));
  const double width = bert.width(), inner = bert.feed_forward(), vocabulary = bert.vocabulary();
  const double tables = vocabulary + bert.context() + bert.segments();
  sizes.parameters = bert.layers() * (4 * width * width + 2 * width * inner + 9 * width + inner) +
                     (tables + width + 5) * width + vocabulary;
  const double tokens = sequence;
  sizes.widest = std::max(tokens * std::max({3 * width, inner, vocabulary}), bert.heads() * tokens * tokens);
  return absl::OkStatus();
}

}  // namespace baton
