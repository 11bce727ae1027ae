// Looks names up in protobuf's descriptors.
#include "runtime/job/field_names.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/suggest.h"
#include "proto/job.pb.h"

namespace baton {
namespace {

// The first quoted word of `text` after `prefix`, or empty.
std::string QuotedAfter(absl::string_view text, absl::string_view prefix) {
  const size_t begin = text.find(prefix);
  if (begin == absl::string_view::npos) return "";
  const size_t open = text.find('"', begin + prefix.size());
  if (open == absl::string_view::npos) return "";
  const size_t close = text.find('"', open + 1);
  if (close == absl::string_view::npos) return "";
  return std::string(text.substr(open + 1, close - open - 1));
}

// The enum type of any field called `name` below `message`, or null.
const google::protobuf::EnumDescriptor* FindEnum(const google::protobuf::Descriptor& message, const std::string& name,
                                                 int depth) {
  if (const auto* field = message.FindFieldByName(name); field != nullptr && field->enum_type() != nullptr) {
    return field->enum_type();
  }
  for (int i = 0; i < message.field_count() && depth > 0; ++i) {
    if (const auto* child = message.field(i)->message_type(); child != nullptr) {
      if (const auto* type = FindEnum(*child, name, depth - 1); type != nullptr) return type;
    }
  }
  return nullptr;
}

// Adds the paths of all fields called `name` below `message`. Lists of messages are left out: they may nest.
void AddPaths(const google::protobuf::Descriptor& message, const std::string& prefix, const std::string& name,
              std::vector<std::string>* paths) {
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    if (field.name() == name) paths->push_back(prefix + name);
    if (field.message_type() == nullptr || field.is_repeated()) continue;
    AddPaths(*field.message_type(), absl::StrCat(prefix, field.name(), "."), name, paths);
  }
}

std::string UnknownField(const google::protobuf::Descriptor& message, const std::string& field) {
  const std::string where = &message == proto::Job::descriptor() ? "a job" : message.name();
  const std::string suggestion = SuggestField(message, field);
  return absl::StrCat(where, " has no field \"", field, "\"",
                      suggestion.empty() ? absl::StrCat("; its fields are ", ListFields(message)) : suggestion);
}

}  // namespace

std::string SuggestField(const google::protobuf::Descriptor& message, absl::string_view name) {
  std::vector<std::string> fields;
  for (int i = 0; i < message.field_count(); ++i) fields.push_back(message.field(i)->name());
  return DidYouMean(name, fields);
}

std::vector<std::string> PathsOfField(absl::string_view name) {
  std::vector<std::string> paths;
  AddPaths(*proto::Job::descriptor(), "", std::string(name), &paths);
  std::stable_sort(paths.begin(), paths.end(), [](const std::string& a, const std::string& b) {
    return std::count(a.begin(), a.end(), '.') < std::count(b.begin(), b.end(), '.');
  });
  return paths;
}

std::string ListFields(const google::protobuf::Descriptor& message) {
  std::string list;
  for (int i = 0; i < message.field_count(); ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ", ", message.field(i)->name());
  }
  return list.empty() ? "none" : list;
}

std::string ListValues(const google::protobuf::EnumDescriptor& type) {
  std::string list;
  for (int i = 0; i < type.value_count(); ++i) {
    absl::StrAppend(&list, i == 0 ? "" : ", ", type.value(i)->name());
  }
  return list;
}

std::string PlainWords(const std::string& message, std::string* unknown) {
  if (absl::StrContains(message, "has no field named")) {
    *unknown = QuotedAfter(message, "has no field named");
    const std::string type = QuotedAfter(message, "Message type");
    const auto* descriptor = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(type);
    if (descriptor != nullptr) return UnknownField(*descriptor, *unknown);
  } else if (absl::StrContains(message, "Unknown enumeration value of")) {
    *unknown = QuotedAfter(message, "Unknown enumeration value of");
    const std::string field = QuotedAfter(message, "for field");
    if (const auto* type = FindEnum(*proto::Job::descriptor(), field, 6); type != nullptr) {
      return absl::StrCat(field, ": ", *unknown, " is not one of ", ListValues(*type));
    }
  }
  if (absl::StartsWith(message, "Interpreting non ascii codepoint")) {
    return "a byte that is not ASCII stands outside of a string; a job is protobuf text";
  }
  if (absl::StartsWith(message, "Invalid control characters")) {
    return "a control character stands outside of a string; a job is protobuf text";
  }
  return message;
}

}  // namespace baton
