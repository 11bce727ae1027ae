// PrintProgramProto and ParseProgramProto of proto_form.h.
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "google/protobuf/text_format.h"
#include "schedules/program/form/proto_form.h"

namespace baton {
namespace {

// A program nests three messages deep; hostile text must not exhaust the stack.
constexpr int kMaxNesting = 8;

// Keeps the first error. protobuf counts lines and columns from 0.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
    if (message_.empty()) message_ = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  const std::string& message() const { return message_; }

 private:
  std::string message_;
};

// The fields in one line; empty if none is set.
std::string Fields(const google::protobuf::Message& message) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseShortRepeatedPrimitives(true);
  std::string fields;
  printer.PrintToString(message, &fields);
  absl::StripTrailingAsciiWhitespace(&fields);
  return fields;
}

void AppendLine(const char* name, const google::protobuf::Message& message, std::string* text) {
  absl::StrAppend(text, "  ", name, " { ", Fields(message), " }\n");
}

}  // namespace

std::string PrintProgramProto(const Program& program) {
  proto::Program message = ProgramToProto(program);
  std::string devices;
  for (proto::DeviceProgram& device : *message.mutable_devices()) {
    devices += "devices {\n";
    for (const proto::ChunkMemory& chunk : device.chunks()) AppendLine("chunks", chunk, &devices);
    for (const proto::Slot& slot : device.slots()) AppendLine("slots", slot, &devices);
    for (const proto::Instruction& each : device.instructions()) AppendLine("instructions", each, &devices);
    device.clear_chunks();
    device.clear_slots();
    device.clear_instructions();
    absl::StrAppend(&devices, "  ", Fields(device), "\n}\n");
  }
  message.clear_devices();
  return absl::StrCat(Fields(message), "\n", devices);
}

absl::StatusOr<Program> ParseProgramProto(absl::string_view text) {
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  parser.SetRecursionLimit(kMaxNesting);
  google::protobuf::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  proto::Program message;
  if (!parser.Parse(&stream, &message)) return absl::InvalidArgumentError(error.message());
  return ProgramFromProto(message);
}

}  // namespace baton
