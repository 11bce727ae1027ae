// The fields of a config.json by name, each checked before it is used. Used by the readers of the model families.
//
//   const ConfigFields fields(json, "gpt2/config.json");
//   BATON_ASSIGN_OR_RETURN(const int64_t width, fields.Whole("n_embd", 1, 65536));
//   BATON_ASSIGN_OR_RETURN(const double epsilon, fields.Real("layer_norm_epsilon", 1e-5));
#ifndef BATON_RUNTIME_HUGGING_FACE_CONFIG_FIELDS_H_
#define BATON_RUNTIME_HUGGING_FACE_CONFIG_FIELDS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proto/job.pb.h"

namespace baton {

// Errors of all functions: InvalidArgument as `gpt2/config.json: n_embd: "56" is no whole number`.
class ConfigFields {
 public:
  // `json`: an object; not owned. `name`: the file's, for messages.
  ConfigFields(const nlohmann::json& json, std::string name) : json_(json), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  // False for a field that is null, too.
  bool Has(const char* field) const;
  // A whole number from `least` to `most`; required.
  absl::StatusOr<int64_t> Whole(const char* field, int64_t least, int64_t most) const;
  // A number above 0; required.
  absl::StatusOr<double> Positive(const char* field) const;
  absl::StatusOr<double> Positive(const char* field, double fallback) const;
  // The number that norms add to a variance, above 0 and at most 1.
  absl::StatusOr<double> Epsilon(const char* field, double fallback) const;
  // From 0 up to, not including, 1; 0 if the file has none.
  absl::StatusOr<double> Dropout(const char* field) const;
  absl::StatusOr<bool> Flag(const char* field, bool fallback) const;
  // Required.
  absl::StatusOr<std::string> Text(const char* field) const;
  // "gelu_new" and the like; `fallback` is a name.
  absl::StatusOr<proto::Activation> ActivationOf(const char* field, const char* fallback) const;
  // An object inside this one; required.
  absl::StatusOr<ConfigFields> Inside(const char* field) const;
  // Any value; null if there is none.
  const nlohmann::json& Any(const char* field) const;

  // OK if `part` divides `whole`.
  absl::Status CheckDivides(const char* part_field, int64_t part, const char* whole_field, int64_t whole) const;
  // OK if the flag is `expected`, the only value that Baton computes.
  absl::Status CheckFlag(const char* field, bool expected) const;
  // InvalidArgument: `file: field: VALUE what`.
  absl::Status Wrong(const char* field, absl::string_view what) const;

 private:
  const nlohmann::json& json_;
  const std::string name_;  // of the file, and of the outer field
};

// The name that Hugging Face has for an activation; empty for NONE.
std::string NameOfActivation(proto::Activation activation);

}  // namespace baton

#endif  // BATON_RUNTIME_HUGGING_FACE_CONFIG_FIELDS_H_
