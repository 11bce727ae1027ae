// One function a type of stretching. transformers 5 writes rope_parameters with everything; version 4 writes
// rope_theta, and rope_scaling for the rest.
#include "runtime/hugging_face/rotary_config.h"

#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// Sets what rope_type "llama3" says.
absl::Status ReadStretch(const ConfigFields& scaling, proto::Rotary& rotary) {
  BATON_ASSIGN_OR_RETURN(const double factor, scaling.Positive("factor"));
  BATON_ASSIGN_OR_RETURN(const double low, scaling.Positive("low_freq_factor"));
  BATON_ASSIGN_OR_RETURN(const double high, scaling.Positive("high_freq_factor"));
  BATON_ASSIGN_OR_RETURN(const double context, scaling.Positive("original_max_position_embeddings"));
  if (factor < 1) return scaling.Wrong("factor", "must be at least 1");
  if (high <= low) return scaling.Wrong("high_freq_factor", absl::StrCat("must be above low_freq_factor: ", low));
  rotary.set_factor(factor);
  rotary.set_low_frequency(low);
  rotary.set_high_frequency(high);
  rotary.set_context(context);
  return absl::OkStatus();
}

absl::Status ReadFactor(const ConfigFields& scaling, proto::Rotary& rotary) {
  BATON_ASSIGN_OR_RETURN(const double factor, scaling.Positive("factor"));
  if (factor < 1) return scaling.Wrong("factor", "must be at least 1");
  rotary.set_factor(factor);
  return absl::OkStatus();
}

// 0.1 · scale · ln(factor) + 1, the length that YaRN gives to turned pairs.
double YarnMagnitude(double factor, double scale) { return 0.1 * scale * std::log(factor) + 1; }

// Sets what rope_type "yarn" says. `positions`: max_position_embeddings.
absl::Status ReadYarn(const ConfigFields& scaling, double positions, proto::Rotary& rotary) {
  rotary.set_stretch(proto::Rotary::YARN);
  BATON_RETURN_IF_ERROR(ReadFactor(scaling, rotary));
  BATON_ASSIGN_OR_RETURN(const double low, scaling.Positive("beta_slow", 1));
  BATON_ASSIGN_OR_RETURN(const double high, scaling.Positive("beta_fast", 32));
  if (high <= low) return scaling.Wrong("beta_fast", absl::StrCat("must be above beta_slow: ", low));
  BATON_ASSIGN_OR_RETURN(const double context, scaling.Positive("original_max_position_embeddings", positions));
  BATON_ASSIGN_OR_RETURN(const bool truncates, scaling.Flag("truncate", true));
  double magnitude = YarnMagnitude(rotary.factor(), 1);
  if (scaling.Has("attention_factor")) {
    BATON_ASSIGN_OR_RETURN(magnitude, scaling.Positive("attention_factor"));
  } else if (scaling.Has("mscale") && scaling.Has("mscale_all_dim")) {
    BATON_ASSIGN_OR_RETURN(const double scale, scaling.Positive("mscale"));
    BATON_ASSIGN_OR_RETURN(const double scale_of_all, scaling.Positive("mscale_all_dim"));
    magnitude = YarnMagnitude(rotary.factor(), scale) / YarnMagnitude(rotary.factor(), scale_of_all);
  }
  rotary.set_low_frequency(low);
  rotary.set_high_frequency(high);
  rotary.set_context(context);
  rotary.set_magnitude(magnitude);
  rotary.set_blends_between_pairs(!truncates);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadRotary(const ConfigFields& fields, double positions, proto::Rotary& rotary) {
  BATON_ASSIGN_OR_RETURN(double base, fields.Positive("rope_theta", 10000));
  const char* const outer = fields.Has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  const char* base_error = fields.Has("rope_theta") ? "rope_theta" : nullptr;
  if (fields.Has(outer)) {
    BATON_ASSIGN_OR_RETURN(const ConfigFields scaling, fields.Inside(outer));
    const char* const type_field = scaling.Has("rope_type") || !scaling.Has("type") ? "rope_type" : "type";
    BATON_ASSIGN_OR_RETURN(const std::string type, scaling.Text(type_field));
    if (scaling.Has("rope_theta")) {
      BATON_ASSIGN_OR_RETURN(base, scaling.Positive("rope_theta"));
      if (base <= 1) return scaling.Wrong("rope_theta", "must be above 1");
      base_error = nullptr;
    }
    BATON_ASSIGN_OR_RETURN(const double part, scaling.Positive("partial_rotary_factor", 1));
    if (part != 1) return scaling.Wrong("partial_rotary_factor", "must be 1, the only form that Baton computes");
    if (type == "llama3") {
      BATON_RETURN_IF_ERROR(ReadStretch(scaling, rotary));
    } else if (type == "linear") {
      rotary.set_stretch(proto::Rotary::LINEAR);
      BATON_RETURN_IF_ERROR(ReadFactor(scaling, rotary));
    } else if (type == "yarn") {
      BATON_RETURN_IF_ERROR(ReadYarn(scaling, positions, rotary));
    } else if (type != "default") {
      return scaling.Wrong(type_field, "is not one of default, llama3, linear, yarn");
    }
  }
  if (base <= 1 && base_error != nullptr) return fields.Wrong(base_error, "must be above 1");
  rotary.set_base(base);
  if (!rotary.has_factor()) rotary.set_factor(1);
  return absl::OkStatus();
}

void WriteStretch(const proto::Rotary& rotary, nlohmann::json& scaling) {
  const bool is_yarn = rotary.stretch() == proto::Rotary::YARN;
  if (rotary.factor() == 1 && !is_yarn) return;
  scaling = {{"factor", rotary.factor()}};
  if (rotary.stretch() == proto::Rotary::LINEAR) {
    scaling["rope_type"] = "linear";
    return;
  }
  scaling["rope_type"] = is_yarn ? "yarn" : "llama3";
  scaling[is_yarn ? "beta_slow" : "low_freq_factor"] = rotary.low_frequency();
  scaling[is_yarn ? "beta_fast" : "high_freq_factor"] = rotary.high_frequency();
  scaling["original_max_position_embeddings"] = rotary.context();
  if (!is_yarn) return;
  scaling["attention_factor"] = rotary.magnitude();
  scaling["truncate"] = !rotary.blends_between_pairs();
}

}  // namespace baton
