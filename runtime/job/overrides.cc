// Finds the field that a path names and parses its value, by reflection.
#include "runtime/job/overrides.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "base/status.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "runtime/job/field_names.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// The most parts of a path, and messages that a value nests. The limit protects the stack from hostile text.
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

// A field's name in a path, and the number of an item of its list, as in layer[0].
struct PathPart {
  std::string name;
  std::optional<int> item;
};

absl::StatusOr<PathPart> ParsePart(absl::string_view text) {
  PathPart part;
  const size_t open = text.find('[');
  part.name = std::string(text.substr(0, open));
  if (open == absl::string_view::npos) return part;
  int item = 0;
  if (!absl::EndsWith(text, "]") || !absl::SimpleAtoi(text.substr(open + 1, text.size() - open - 2), &item) ||
      item < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set: \"", text, "\" must be a field, or an item of a list as layer[0]"));
  }
  part.item = item;
  return part;
}

// `place`: the path to `message`, empty for the job.
absl::StatusOr<const FieldDescriptor*> FindField(const Message& message, const std::string& place,
                                                 const std::string& name) {
  const google::protobuf::Descriptor& descriptor = *message.GetDescriptor();
  if (const FieldDescriptor* field = descriptor.FindFieldByName(name); field != nullptr) return field;
  std::string suggestion = SuggestField(descriptor, name);
  if (suggestion.empty()) {
    // A field of that name may be elsewhere.
    if (const std::vector<std::string> paths = PathsOfField(name); !paths.empty()) {
      suggestion = absl::StrCat("; did you mean \"", paths.front(), "\"?");
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(place.empty() ? "a job" : place, " has no field \"", name, "\"",
                                                 suggestion, " (fields: ", ListFields(descriptor), ")"));
}

// OK if the list `field`, whose path is `here`, has an item of that number.
absl::Status CheckItem(const Message& message, const FieldDescriptor& field, const std::string& here, int item) {
  if (!field.is_repeated()) {
    return absl::InvalidArgumentError(absl::StrCat(here, " is no list, it has no item ", item));
  }
  const int size = message.GetReflection()->FieldSize(message, &field);
  if (item < size) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(here, " has no item ", item, "; it has ", size, ", numbered from 0"));
}

// Sets one item of a list of values.
absl::Status SetItem(Message& message, const FieldDescriptor& field, int item, absl::string_view path,
                     absl::string_view value) {
  const Reflection& reflection = *message.GetReflection();
  // The list grows by the new value, which then takes its place.
  BATON_RETURN_IF_ERROR(SetScalar(message, field, path, value));
  const int last = reflection.FieldSize(message, &field) - 1;
  reflection.SwapElements(&message, &field, item, last);
  reflection.RemoveLast(&message, &field);
  return absl::OkStatus();
}

// Replaces a message in a list of them.
absl::Status SetItemMessage(Message& message, const FieldDescriptor& field, int item, absl::string_view path,
                            absl::string_view value) {
  std::unique_ptr<Message> parsed(message.New());
  if (!absl::StartsWith(value, "{")) {
    return WrongValue(path, value, absl::StrCat("a message { … } with the fields ", ListFields(*field.message_type())));
  }
  BATON_RETURN_IF_ERROR(SetMessage(*parsed, field, path, absl::StrCat("[", value, "]")));
  const Reflection& reflection = *message.GetReflection();
  if (reflection.FieldSize(*parsed, &field) != 1) return WrongValue(path, value, "one message { … }");
  reflection.MutableRepeatedMessage(&message, &field, item)
      ->CopyFrom(reflection.GetRepeatedMessage(*parsed, &field, 0));
  return absl::OkStatus();
}

// Sets the field or item that the rest of a path names, in `message` at `place`.
absl::Status SetAt(Message& message, const std::string& place, absl::Span<const std::string> parts,
                   absl::string_view path, absl::string_view value) {
  BATON_ASSIGN_OR_RETURN(const PathPart part, ParsePart(parts[0]));
  BATON_ASSIGN_OR_RETURN(const FieldDescriptor* const field, FindField(message, place, part.name));
  const std::string here = absl::StrCat(place, place.empty() ? "" : ".", part.name);
  if (part.item) BATON_RETURN_IF_ERROR(CheckItem(message, *field, here, *part.item));
  if (parts.size() == 1) {
    if (!part.item) return SetField(message, *field, path, value);
    return field->message_type() == nullptr ? SetItem(message, *field, *part.item, path, value)
                                            : SetItemMessage(message, *field, *part.item, path, value);
  }
  if (field->message_type() == nullptr) {
    return absl::InvalidArgumentError(absl::StrCat(here, " is a value, it has no field \"", parts[1], "\""));
  }
  if (field->is_repeated() && !part.item) {
    return absl::InvalidArgumentError(absl::StrCat(here, " is a list; set one of its items, as ", here, "[0].",
                                                   parts[1], "=…, or the whole: ", here, "=[{ … }, { … }]"));
  }
  const Reflection& reflection = *message.GetReflection();
  Message& inner = part.item ? *reflection.MutableRepeatedMessage(&message, field, *part.item)
                             : *reflection.MutableMessage(&message, field);
  const std::string inside = part.item ? absl::StrCat(here, "[", *part.item, "]") : here;
  return SetAt(inner, inside, parts.subspan(1), path, value);
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
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  if (parts.size() > kMaxNesting) {
    return absl::InvalidArgumentError(
        absl::StrCat("--set: the path has ", parts.size(), " parts; at most ", kMaxNesting, " are allowed"));
  }
  proto::Job changed = job;
  BATON_RETURN_IF_ERROR(SetAt(changed, "", parts, path, value));

  // A list cannot be a member of a oneof, so these alternatives exclude each other here.
  if (absl::StartsWith(path, "pipeline.split.layers") && changed.pipeline().split().layers_size() > 0) {
    changed.mutable_pipeline()->mutable_split()->clear_balanced();
    changed.mutable_pipeline()->mutable_split()->clear_layout();
  } else if (path == "pipeline.split.balanced") {
    changed.mutable_pipeline()->mutable_split()->clear_layers();
    changed.mutable_pipeline()->mutable_split()->clear_layout();
  } else if (path == "pipeline.split.layout") {
    changed.mutable_pipeline()->mutable_split()->clear_balanced();
    changed.mutable_pipeline()->mutable_split()->clear_layers();
  }
  job = std::move(changed);
  return absl::OkStatus();
}

}  // namespace baton
