// Names of fields and enum values for error messages. Used by job_file.cc, overrides.cc and tools/baton.
#ifndef BATON_RUNTIME_JOB_FIELD_NAMES_H_
#define BATON_RUNTIME_JOB_FIELD_NAMES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace baton {

// `; did you mean "NAME"?` if a field of `message` is spelled almost like `name`, else empty.
std::string SuggestField(const google::protobuf::Descriptor& message, absl::string_view name);

// The paths of the fields of a job that are called `name`, as "run.steps" of "steps"; the shortest first.
std::vector<std::string> PathsOfField(absl::string_view name);

// All fields of `message` in the order of the file, as "gpt2, mlp, inputs, layer"; "none" if it has none.
std::string ListFields(const google::protobuf::Descriptor& message);

// As "HOST, CUDA".
std::string ListValues(const google::protobuf::EnumDescriptor& type);

// Rewrites an error of protobuf's text parser. For an unknown field or enum value the result lists what is allowed, and
// `unknown` is set to it. Messages that are clear already are returned unchanged.
std::string PlainWords(const std::string& message, std::string* unknown);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_FIELD_NAMES_H_
