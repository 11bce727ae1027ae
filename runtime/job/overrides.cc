// Finds the field that a path names and parses its value, by reflection.
#include "runtime/job/overrides.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "runtime/job/field_names.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// A path has at most six fields, and a value nests at most as many messages. The limit protects the stack from hostile
// text.
constexpr int kMaxNesting = 32;

// Keeps protobuf's first error about a value, without its position.
class FirstComplaint : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int, google::protobuf::io::ColumnNumber, const std::string& message) override {
    std::string unknown;
    if (text.empty()) text = PlainWords(message, &unknown);
  }
  std::string text;
};

absl::Status WrongValue(absl::string_view path, absl::string_view value, absl::string_view allowed) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": \"", value, "\" is not ", allowed));
}

// `"text"`, `'text'` or the bare text.
bool Unquote(absl::string_view value, std::string* text) {
  if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
    if (value.size() < 2 || value.back() != value.front()) return false;
    return absl::CUnescape(value.substr(1, value.size() - 2), text);
  }
  *text = std::string(value);
  return true;
}

// Sets `field`, or adds to it where it is a list. Errors: InvalidArgument.
absl::Status SetScalar(Message& message, const FieldDescriptor& field, absl::string_view path,
                       absl::string_view value) {
  const Reflection& reflection = *message.GetReflection();
  const auto put = [&](auto set, auto add, auto parsed) {
    field.is_repeated() ? (reflection.*add)(&message, &field, parsed) : (reflection.*set)(&message, &field, parsed);
    return absl::OkStatus();
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      int32_t number;
      if (!absl::SimpleAtoi(value, &number)) return WrongValue(path, value, "a whole number of 32 bits");
      return put(&Reflection::SetInt32, &Reflection::AddInt32, number);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t number;
      if (!absl::SimpleAtoi(value, &number)) return WrongValue(path, value, "a whole number of 64 bits");
      return put(&Reflection::SetInt64, &Reflection::AddInt64, number);
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      uint64_t number;
      if (!absl::SimpleAtoi(value, &number)) return WrongValue(path, value, "a whole number from 0 to 2^64 - 1");
      return put(&Reflection::SetUInt64, &Reflection::AddUInt64, number);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      double number;
      if (!absl::SimpleAtod(value, &number)) return WrongValue(path, value, "a number");
      return put(&Reflection::SetDouble, &Reflection::AddDouble, number);
    }
    case FieldDescriptor::CPPTYPE_BOOL: {
      if (value != "true" && value != "false") return WrongValue(path, value, "one of true, false");
      return put(&Reflection::SetBool, &Reflection::AddBool, value == "true");
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* number = field.enum_type()->FindValueByName(std::string(value));
      if (number == nullptr) {
        return WrongValue(path, value, absl::StrCat("one of ", ListValues(*field.enum_type())));
      }
      return put(&Reflection::SetEnum, &Reflection::AddEnum, number);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string text;
      if (!Unquote(value, &text)) return WrongValue(path, value, "a string: a quote is missing or an escape is wrong");
      field.is_repeated() ? reflection.AddString(&message, &field, text) : reflection.SetString(&message, &field, text);
      return absl::OkStatus();
    }
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_FLOAT:
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return absl::InternalError(absl::StrCat(path, ": a field of this type cannot be overridden"));
}

// Replaces a message or a list of them by what `{…}` or `[{…}, …]` says.
absl::Status SetMessage(Message& parent, const FieldDescriptor& field, absl::string_view path,
                        absl::string_view value) {
  const std::string shape = field.is_repeated() ? "a list [{ … }, { … }] whose messages have the fields "
                                                : "a message { … } with the fields ";
  const std::string allowed = absl::StrCat(shape, ListFields(*field.message_type()));
  const char open = field.is_repeated() ? '[' : '{';
  const char close = field.is_repeated() ? ']' : '}';
  if (value.size() < 2 || value.front() != open || value.back() != close) return WrongValue(path, value, allowed);
  FirstComplaint complaint;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&complaint);
  parser.SetRecursionLimit(kMaxNesting);
  std::unique_ptr<Message> parsed(parent.New());
  const bool ok = parser.ParseFromString(absl::StrCat(field.name(), ": ", value), parsed.get());
  // `{} other: 1` would set a second field.
  std::vector<const FieldDescriptor*> fields;
  parsed->GetReflection()->ListFields(*parsed, &fields);
  if (!ok || fields.size() > 1) {
    return WrongValue(path, value, absl::StrCat(allowed, complaint.text.empty() ? "" : ": ", complaint.text));
  }
  const Reflection& reflection = *parent.GetReflection();
  reflection.ClearField(&parent, &field);
  if (!field.is_repeated()) reflection.MutableMessage(&parent, &field);  // also `{}` is there
  parent.MergeFrom(*parsed);
  return absl::OkStatus();
}

absl::Status SetField(Message& message, const FieldDescriptor& field, absl::string_view path, absl::string_view value) {
  if (field.message_type() != nullptr) return SetMessage(message, field, path, value);
  if (!field.is_repeated()) return SetScalar(message, field, path, value);
  message.GetReflection()->ClearField(&message, &field);
  absl::string_view items = value;
  const bool opened = absl::ConsumePrefix(&items, "[");
  if (absl::ConsumeSuffix(&items, "]") != opened) return WrongValue(path, value, "a list: a bracket is missing");
  items = absl::StripAsciiWhitespace(items);
  if (items.empty() && opened) return absl::OkStatus();
  for (absl::string_view item : absl::StrSplit(items, ',')) {
    BATON_RETURN_IF_ERROR(SetScalar(message, field, path, absl::StripAsciiWhitespace(item)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ApplyOverride(proto::Job& job, absl::string_view assignment) {
  const size_t equals = assignment.find('=');
  if (equals == absl::string_view::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set: \"", assignment, "\" is not of the form path=value, as pipeline.schedule=gpipe"));
  }
  const absl::string_view path = absl::StripAsciiWhitespace(assignment.substr(0, equals));
  const absl::string_view value = absl::StripAsciiWhitespace(assignment.substr(equals + 1));

  proto::Job changed = job;
  Message* message = &changed;
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string place = absl::StrJoin(names.begin(), names.begin() + i, ".");
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(names[i]);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(place.empty() ? "a job" : place, " has no field \"", names[i],
                                                     "\"", SuggestField(*message->GetDescriptor(), names[i]),
                                                     " (fields: ", ListFields(*message->GetDescriptor()), ")"));
    }
    if (i + 1 == names.size()) {
      BATON_RETURN_IF_ERROR(SetField(*message, *field, path, value));
      break;
    }
    const std::string here = absl::StrJoin(names.begin(), names.begin() + i + 1, ".");
    if (field->message_type() == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(here, " is a value, it has no field \"", names[i + 1], "\""));
    }
    if (field->is_repeated()) {
      return absl::InvalidArgumentError(absl::StrCat(here, " is a list, set it as a whole: ", here, "=[{ … }, { … }]"));
    }
    message = message->GetReflection()->MutableMessage(message, field);
  }

  // A list cannot be a member of a oneof, so these two alternatives exclude each other here.
  if (path == "pipeline.split.layers" && changed.pipeline().split().layers_size() > 0) {
    changed.mutable_pipeline()->mutable_split()->clear_balanced();
  } else if (path == "pipeline.split.balanced") {
    changed.mutable_pipeline()->mutable_split()->clear_layers();
  }
  job = std::move(changed);
  return absl::OkStatus();
}

}  // namespace baton
