// Checks types and ranges, and prints what was found.
#include "runtime/hugging_face/config_fields.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/printable.h"
#include "base/status.h"

namespace baton {
namespace {

struct ActivationName {
  const char* name;
  proto::Activation activation;
};

// The first name of each activation is the one that is written.
constexpr ActivationName kActivations[] = {
    {"relu", proto::RELU},           {"gelu", proto::GELU},
    {"gelu_python", proto::GELU},    {"gelu_new", proto::GELU_TANH},
    {"silu", proto::SILU},           {"swish", proto::SILU},
    {"gelu_fast", proto::GELU_TANH}, {"gelu_pytorch_tanh", proto::GELU_TANH},
};

// As in the file, at most 60 characters.
std::string Shown(const nlohmann::json& value) {
  if (value.is_object()) return "{ … }";
  if (value.is_array()) return "[ … ]";
  const std::string text = Printable(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  return text.size() <= 60 ? text : absl::StrCat(text.substr(0, 57), "...");
}

}  // namespace

const nlohmann::json& ConfigFields::Any(const char* field) const {
  static const nlohmann::json& null = *new nlohmann::json();
  const auto found = json_.find(field);
  return found == json_.end() ? null : *found;
}

bool ConfigFields::Has(const char* field) const { return !Any(field).is_null(); }

absl::Status ConfigFields::Wrong(const char* field, absl::string_view what) const {
  if (json_.find(field) == json_.end()) return absl::InvalidArgumentError(absl::StrCat(name_, ": ", field, " ", what));
  return absl::InvalidArgumentError(absl::StrCat(name_, ": ", field, ": ", Shown(Any(field)), " ", what));
}

absl::StatusOr<int64_t> ConfigFields::Whole(const char* field, int64_t least, int64_t most) const {
  const nlohmann::json& value = Any(field);
  if (json_.find(field) == json_.end()) return Wrong(field, "is missing");
  if (!value.is_number_integer()) return Wrong(field, "is no whole number");
  if (value.is_number_unsigned() ? value.get<uint64_t>() > static_cast<uint64_t>(most) : value.get<int64_t>() > most) {
    return Wrong(field, absl::StrCat("must be at most ", most));
  }
  if (value.get<int64_t>() < least) return Wrong(field, absl::StrCat("must be at least ", least));
  return value.get<int64_t>();
}

absl::StatusOr<double> ConfigFields::Positive(const char* field) const {
  const nlohmann::json& value = Any(field);
  if (json_.find(field) == json_.end()) return Wrong(field, "is missing");
  if (!value.is_number()) return Wrong(field, "is no number");
  const double number = value.get<double>();
  if (number > 0 && std::isfinite(number)) return number;
  return Wrong(field, "must be above 0");
}

absl::StatusOr<double> ConfigFields::Positive(const char* field, double fallback) const {
  if (json_.find(field) == json_.end()) return fallback;
  return Positive(field);
}

absl::StatusOr<double> ConfigFields::Epsilon(const char* field, double fallback) const {
  BATON_ASSIGN_OR_RETURN(const double epsilon, Positive(field, fallback));
  if (epsilon <= 1) return epsilon;
  return Wrong(field, "must be above 0 and at most 1");
}

absl::StatusOr<double> ConfigFields::Dropout(const char* field) const {
  if (!Has(field)) return 0;
  if (!Any(field).is_number()) return Wrong(field, "is no number");
  const double number = Any(field).get<double>();
  if (number >= 0 && number < 1) return number;
  return Wrong(field, "must be at least 0 and below 1");
}

absl::StatusOr<bool> ConfigFields::Flag(const char* field, bool fallback) const {
  if (!Has(field)) return fallback;
  if (!Any(field).is_boolean()) return Wrong(field, "is neither true nor false");
  return Any(field).get<bool>();
}

absl::StatusOr<std::string> ConfigFields::Text(const char* field) const {
  if (!Has(field)) return Wrong(field, "is missing");
  if (!Any(field).is_string()) return Wrong(field, "is no string");
  return Any(field).get<std::string>();
}

absl::StatusOr<proto::Activation> ConfigFields::ActivationOf(const char* field, const char* fallback) const {
  std::string name = fallback;
  if (Has(field)) {
    BATON_ASSIGN_OR_RETURN(name, Text(field));
  }
  std::vector<std::string> names;
  for (const ActivationName& each : kActivations) {
    if (name == each.name) return each.activation;
    names.push_back(each.name);
  }
  return Wrong(field, absl::StrCat("is not one of ", absl::StrJoin(names, ", ")));
}

absl::StatusOr<ConfigFields> ConfigFields::Inside(const char* field) const {
  if (!Any(field).is_object()) return Wrong(field, "is no object");
  return ConfigFields(Any(field), absl::StrCat(name_, ": ", field));
}

absl::Status ConfigFields::CheckDivides(const char* part_field, int64_t part, const char* whole_field,
                                        int64_t whole) const {
  if (part > 0 && whole % part == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name_, ": ", part_field, ": ", part, " does not divide ", whole_field, ": ", whole));
}

absl::Status ConfigFields::CheckFlag(const char* field, bool expected) const {
  BATON_ASSIGN_OR_RETURN(const bool flag, Flag(field, expected));
  if (flag == expected) return absl::OkStatus();
  return Wrong(field, absl::StrCat("must be ", expected ? "true" : "false", ", the only form that Baton computes"));
}

std::string NameOfActivation(proto::Activation activation) {
  for (const ActivationName& each : kActivations) {
    if (each.activation == activation) return each.name;
  }
  return "";
}

}  // namespace baton
