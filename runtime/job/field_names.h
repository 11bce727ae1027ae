// The names of fields and enum values in messages for users. Used by job_file and overrides.
#ifndef BATON_RUNTIME_JOB_FIELD_NAMES_H_
#define BATON_RUNTIME_JOB_FIELD_NAMES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace baton {

// `; did you mean "NAME"?` where a field of `message` is spelt almost like `name`, else empty.
std::string SuggestField(const google::protobuf::Descriptor& message, absl::string_view name);

// All fields of `message` in the order of the file, as "gpt2, mlp, inputs, layer"; "none" if it has none.
std::string ListFields(const google::protobuf::Descriptor& message);

// As "HOST, CUDA".
std::string ListValues(const google::protobuf::EnumDescriptor& type);

// What protobuf's text parser says about a part of a job, in Baton's words where protobuf's would not help: an unknown
// field or enum value is told with what is allowed, and put into `unknown`; `message` itself otherwise.
std::string PlainWords(const std::string& message, std::string* unknown);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_FIELD_NAMES_H_
