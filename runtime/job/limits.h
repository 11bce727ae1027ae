// Checks of single values, with one wording for all of them. Used by the resolve_*.cc files.
#ifndef BATON_RUNTIME_JOB_LIMITS_H_
#define BATON_RUNTIME_JOB_LIMITS_H_

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "proto/job.pb.h"
#include "runtime/job/field_names.h"

namespace baton {

// OK if least <= value <= most, else `field: value must be at least least`, or at most most.
inline absl::Status CheckRange(absl::string_view field, int64_t value, int64_t least, int64_t most) {
  if (value < least) return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be at least ", least));
  if (value > most) return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be at most ", most));
  return absl::OkStatus();
}

// OK if least <= value <= most, which neither NaN nor infinity satisfies.
inline absl::Status CheckReal(absl::string_view field, double value, double least, double most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be from ", least, " to ", most));
}

// OK if 0 < value <= most.
inline absl::Status CheckPositive(absl::string_view field, double value, double most) {
  if (value > 0 && value <= most) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be above 0 and at most ", most));
}

// OK if 0 <= value < 1.
inline absl::Status CheckFraction(absl::string_view field, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " must be at least 0 and below 1"));
}

// OK if `value` is one of Enum's. proto3 accepts unknown values in binary form, and in text if they are given by
// number.
template <typename Enum>
absl::Status CheckEnum(absl::string_view field, int value) {
  const google::protobuf::EnumDescriptor& type = *google::protobuf::GetEnumDescriptor<Enum>();
  if (type.FindValueByNumber(value) != nullptr) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", value, " is not one of ", ListValues(type)));
}

// OK if `value` is one of `allowed`, some of Enum's values. Errors as `field: SILU is not one of RELU, GELU`.
template <typename Enum>
absl::Status CheckOneOf(absl::string_view field, int value, std::initializer_list<Enum> allowed) {
  const google::protobuf::EnumDescriptor& type = *google::protobuf::GetEnumDescriptor<Enum>();
  const auto name = [&](int number) {
    const google::protobuf::EnumValueDescriptor* const known = type.FindValueByNumber(number);
    return known == nullptr ? absl::StrCat(number) : known->name();
  };
  std::vector<std::string> names;
  for (const Enum each : allowed) {
    if (value == each) return absl::OkStatus();
    names.push_back(name(each));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": ", name(value), " is not one of ", absl::StrJoin(names, ", ")));
}

// OK if `value` is an activation other than NONE.
inline absl::Status CheckActivation(absl::string_view field, int value) {
  return CheckOneOf<proto::Activation>(field, value, {proto::RELU, proto::GELU, proto::GELU_TANH, proto::SILU});
}

// `field is missing: why`.
inline absl::Status Missing(absl::string_view field, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(field, " is missing: ", why));
}

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_LIMITS_H_
