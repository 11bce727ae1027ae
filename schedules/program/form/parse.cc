// ParseProgramText of text.h.
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/program/fields.h"
#include "schedules/program/form/text.h"
#include "schedules/program/form/words.h"
#include "schedules/program/structure.h"

namespace baton {
namespace {

absl::Status Mistake(absl::string_view what) { return absl::InvalidArgumentError(what); }

// The words of one line, taken one by one. Punctuation is dropped; a quoted word keeps its opening quote.
class Line {
 public:
  static absl::StatusOr<Line> Create(absl::string_view text) {
    Line line;
    size_t i = 0;
    while (i < text.size() && text[i] != '#') {
      const char c = text[i];
      if (absl::ascii_isspace(c) || c == ',' || c == ':') {
        ++i;
      } else if (absl::StartsWith(text.substr(i), "→")) {
        i += absl::string_view("→").size();
      } else if (c == '(') {
        const size_t close = text.find(')', i);
        if (close == absl::string_view::npos) return Mistake("a parenthesis is not closed");
        i = close + 1;
      } else if (c == '"') {
        size_t close = i + 1;
        while (close < text.size() && text[close] != '"') close += text[close] == '\\' ? 2 : 1;
        if (close >= text.size()) return Mistake("a quote is not closed");
        std::string word;
        if (!absl::CUnescape(text.substr(i + 1, close - i - 1), &word)) return Mistake("an escape is wrong");
        line.words_.push_back("\"" + word);
        i = close + 1;
      } else {
        const size_t begin = i;
        while (i < text.size() && !absl::ascii_isspace(text[i]) && !absl::StrContains(",:#(\"", text.substr(i, 1))) ++i;
        line.words_.push_back(std::string(text.substr(begin, i - begin)));
      }
    }
    return line;
  }

  bool Done() const { return next_ == words_.size(); }
  bool At(absl::string_view word) const { return !Done() && words_[next_] == word; }
  std::string Next() { return Done() ? "" : words_[next_++]; }

  absl::Status Expect(absl::string_view word) {
    const std::string found = Next();
    if (found == word) return absl::OkStatus();
    return Mistake(absl::StrCat("expected \"", word, "\", not \"", found, "\""));
  }
  absl::Status ExpectDone() const {
    if (Done()) return absl::OkStatus();
    return Mistake(absl::StrCat("\"", words_[next_], "\" does not belong here"));
  }
  // A whole number behind `prefix`, as 3 or %3.
  template <typename Integer>
  absl::Status Number(Integer* number, absl::string_view prefix = "") {
    const std::string found = Next();
    if (absl::StartsWith(found, prefix) && absl::SimpleAtoi(absl::string_view(found).substr(prefix.size()), number)) {
      return absl::OkStatus();
    }
    return Mistake(absl::StrCat("expected ", prefix, prefix.empty() ? "" : " and ", "a number, not \"", found, "\""));
  }
  // `word number`.
  template <typename Integer>
  absl::Status Labelled(absl::string_view word, Integer* number) {
    BATON_RETURN_IF_ERROR(Expect(word));
    return Number(number);
  }
  absl::Status Quoted(std::string* text) {
    const std::string found = Next();
    if (!absl::StartsWith(found, "\"")) return Mistake(absl::StrCat("expected a quoted name, not \"", found, "\""));
    *text = found.substr(1);
    return absl::OkStatus();
  }
  // One of `words`, as its index.
  template <size_t count>
  absl::StatusOr<size_t> OneOf(const char* const (&words)[count], absl::string_view what) {
    const std::string found = Next();
    for (size_t i = 0; i < count; ++i) {
      if (found == words[i]) return i;
    }
    return Mistake(absl::StrCat("\"", found, "\" is no ", what));
  }

 private:
  std::vector<std::string> words_;
  size_t next_ = 0;
};

// The operands that an instruction's line names, by name, each once.
class Operands {
 public:
  absl::Status Add(const std::string& name, int32_t value) {
    for (const auto& [known, unused] : values_) {
      if (known == name) return Mistake(absl::StrCat(name, " is given twice"));
    }
    values_.emplace_back(name, value);
    return absl::OkStatus();
  }
  bool Take(absl::string_view name, int32_t* value) {
    for (size_t i = 0; i < values_.size(); ++i) {
      if (values_[i].first != name) continue;
      *value = values_[i].second;
      values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
    return false;
  }
  const std::string* Left() const { return values_.empty() ? nullptr : &values_.front().first; }

 private:
  std::vector<std::pair<std::string, int32_t>> values_;
};

absl::StatusOr<Operands> ParseOperands(Line& line) {
  Operands operands;
  while (!line.Done() && !line.At("after")) {
    const std::string word = line.Next();
    int32_t value = 0;
    const absl::string_view digits = absl::string_view(word).substr(1);
    if (word == "device") {
      BATON_RETURN_IF_ERROR(line.Number(&value));
      BATON_RETURN_IF_ERROR(operands.Add("peer", value));
    } else if (word == "group") {
      BATON_RETURN_IF_ERROR(line.Number(&value));
      BATON_RETURN_IF_ERROR(operands.Add("group", value));
    } else if (word[0] == 'c' && absl::SimpleAtoi(digits, &value)) {
      BATON_RETURN_IF_ERROR(operands.Add("chunk", value));
    } else if (word[0] == 'm' && absl::SimpleAtoi(digits, &value)) {
      BATON_RETURN_IF_ERROR(operands.Add("micro_batch", value));
    } else if (word[0] == '%' && absl::SimpleAtoi(digits, &value)) {
      BATON_RETURN_IF_ERROR(operands.Add("slot", value));
    } else {
      BATON_RETURN_IF_ERROR(line.Number(&value, "%"));
      BATON_RETURN_IF_ERROR(operands.Add(word, value));
    }
  }
  return operands;
}

// Reads from `line` behind the index; waits go to the end of the device's list.
absl::Status ParseInstruction(Line& line, DeviceProgram& device) {
  BATON_ASSIGN_OR_RETURN(const size_t index, line.OneOf(kOperationNames, "operation"));
  Instruction instruction;
  instruction.operation = MakeOperation(index);
  if (index == Operation(Load{}).index()) {
    BATON_ASSIGN_OR_RETURN(const size_t kind, line.OneOf(kDataKindWords, "data"));
    std::get<Load>(instruction.operation).kind = static_cast<DataKind>(kind);
  } else if (index == Operation(Send{}).index() || index == Operation(Recv{}).index()) {
    BATON_ASSIGN_OR_RETURN(const size_t payload, line.OneOf(kPayloadWords, "payload"));
    if (auto* send = std::get_if<Send>(&instruction.operation)) send->payload = static_cast<Payload>(payload);
    if (auto* recv = std::get_if<Recv>(&instruction.operation)) recv->payload = static_cast<Payload>(payload);
  }
  BATON_ASSIGN_OR_RETURN(Operands operands, ParseOperands(line));
  const char* missing = nullptr;
  const auto assign = [&](FieldRole role, const char* name, auto& value) {
    if constexpr (!std::is_enum_v<std::remove_reference_t<decltype(value)>>) {
      if (operands.Take(name, &value)) return;
      value = kNoSlot;
      if (role != FieldRole::kReads && role != FieldRole::kWrites) missing = name;
    }
  };
  std::visit([&](auto& operation) { VisitFields(operation, assign); }, instruction.operation);
  if (missing != nullptr) return Mistake(absl::StrCat(kOperationNames[index], " without ", missing));
  if (const std::string* left = operands.Left(); left != nullptr) {
    return Mistake(absl::StrCat(kOperationNames[index], " has no ", *left));
  }
  instruction.first_wait = static_cast<uint32_t>(device.waits.size());
  if (line.At("after")) {
    line.Next();
    do {
      int32_t wait = 0;
      BATON_RETURN_IF_ERROR(line.Number(&wait));
      device.waits.push_back(wait);
    } while (!line.Done());
  }
  instruction.num_waits = static_cast<uint32_t>(device.waits.size()) - instruction.first_wait;
  device.instructions.push_back(instruction);
  return absl::OkStatus();
}

absl::Status ParseReduceGroup(Line& line, Program& program) {
  ReduceGroup group;
  BATON_ASSIGN_OR_RETURN(const size_t kind, line.OneOf(kReduceKindWords, "kind of reduce"));
  group.kind = static_cast<ReduceKind>(kind);
  BATON_RETURN_IF_ERROR(line.Quoted(&group.name));
  BATON_RETURN_IF_ERROR(line.Expect("members"));
  // The last number before `bytes` is the size.
  std::vector<int64_t> numbers;
  while (!line.Done() && !line.At("bytes")) {
    numbers.emplace_back();
    BATON_RETURN_IF_ERROR(line.Number(&numbers.back()));
  }
  BATON_RETURN_IF_ERROR(line.Expect("bytes"));
  if (numbers.empty()) return Mistake("expected a number before \"bytes\"");
  group.bytes = numbers.back();
  numbers.pop_back();
  for (const int64_t member : numbers) {
    if (member < 0 || member > INT32_MAX) return Mistake(absl::StrCat("there is no member ", member));
    group.members.push_back(static_cast<int32_t>(member));
  }
  program.reduce_groups.push_back(std::move(group));
  return absl::OkStatus();
}

// A program in the making: takes one line after the other.
class Parser {
 public:
  absl::Status Take(Line& line, int number) {
    if (!begun_) return Header(line);
    if (line.At("device")) {
      line.Next();
      BATON_RETURN_IF_ERROR(DeviceDone());
      device_line_ = number;
      return Device(line);
    }
    return program_.devices.empty() ? AboutProgram(line) : AboutDevice(line);
  }

  // Errors carry their line themselves.
  absl::StatusOr<Program> Finish() {
    if (!begun_) return Mistake("line 1: expected \"program\"");
    BATON_RETURN_IF_ERROR(DeviceDone());
    if (program_.num_devices() != num_devices_) {
      return Mistake(absl::StrCat("line 1: ", num_devices_, " devices, but ", program_.num_devices(), " follow"));
    }
    program_.placement =
        ChunkPlacement::OfList(program_.num_chunks, std::move(replicas_), std::move(replica_of_micro_batch_));
    BATON_RETURN_IF_ERROR(CheckStructure(program_));
    return std::move(program_);
  }

 private:
  absl::Status Header(Line& line) {
    begun_ = true;
    BATON_RETURN_IF_ERROR(line.Expect("program"));
    BATON_RETURN_IF_ERROR(line.Quoted(&program_.schedule));
    BATON_RETURN_IF_ERROR(line.Number(&program_.num_chunks));
    BATON_RETURN_IF_ERROR(line.Expect("chunks"));
    BATON_RETURN_IF_ERROR(line.Number(&num_devices_));
    BATON_RETURN_IF_ERROR(line.Expect("devices"));
    BATON_RETURN_IF_ERROR(line.Number(&program_.num_micro_batches));
    BATON_RETURN_IF_ERROR(line.Expect("micro-batches"));
    return line.ExpectDone();
  }

  absl::Status AboutProgram(Line& line) {
    const std::string word = line.Next();
    if (word == "forward") {
      program_.forward_only = true;
      BATON_RETURN_IF_ERROR(line.Expect("only"));
    } else if (word == "reduce") {
      BATON_RETURN_IF_ERROR(ParseReduceGroup(line, program_));
    } else if (word == "chunks" && replicas_.empty()) {
      BATON_RETURN_IF_ERROR(line.Expect("on"));
      BATON_RETURN_IF_ERROR(line.Expect("devices"));
      while (!line.Done()) {
        replicas_.push_back({static_cast<int32_t>(replicas_.size()), 0, 0});
        BATON_RETURN_IF_ERROR(line.Number(&replicas_.back().device));
      }
    } else if (word == "replica") {
      ChunkReplica replica = {};
      BATON_RETURN_IF_ERROR(line.Number(&replica.replica));
      while (!line.Done()) {
        BATON_RETURN_IF_ERROR(line.Labelled("chunk", &replica.chunk));
        BATON_RETURN_IF_ERROR(line.Expect("on"));
        BATON_RETURN_IF_ERROR(line.Labelled("device", &replica.device));
        replicas_.push_back(replica);
      }
    } else if (word == "micro-batches" && replica_of_micro_batch_.empty()) {
      BATON_RETURN_IF_ERROR(line.Expect("use"));
      BATON_RETURN_IF_ERROR(line.Expect("replicas"));
      while (!line.Done()) {
        replica_of_micro_batch_.push_back(0);
        BATON_RETURN_IF_ERROR(line.Number(&replica_of_micro_batch_.back()));
      }
    } else {
      return Mistake(absl::StrCat("\"", word, "\" does not belong here"));
    }
    return line.ExpectDone();
  }

  absl::Status Device(Line& line) {
    int index = 0;
    BATON_RETURN_IF_ERROR(line.Number(&index));
    if (index != program_.num_devices()) {
      return Mistake(absl::StrCat("device ", index, " where device ", program_.num_devices(), " is due"));
    }
    program_.devices.emplace_back();
    DeviceProgram& device = program_.devices.back();
    BATON_RETURN_IF_ERROR(line.Number(&num_instructions_));
    BATON_RETURN_IF_ERROR(line.Expect("instructions"));
    BATON_RETURN_IF_ERROR(line.Number(&num_slots_));
    BATON_RETURN_IF_ERROR(line.Expect("slots"));
    BATON_RETURN_IF_ERROR(line.Labelled("arena", &device.arena_bytes));
    BATON_RETURN_IF_ERROR(line.Expect("bytes"));
    BATON_RETURN_IF_ERROR(line.Labelled("workspace", &device.workspace_bytes));
    BATON_RETURN_IF_ERROR(line.Expect("bytes"));
    BATON_RETURN_IF_ERROR(line.Labelled("at", &device.workspace_offset));
    return line.ExpectDone();
  }

  absl::Status AboutDevice(Line& line) {
    DeviceProgram& device = program_.devices.back();
    if (line.At("chunk")) {
      ChunkMemory chunk = {};
      BATON_RETURN_IF_ERROR(line.Labelled("chunk", &chunk.chunk));
      BATON_RETURN_IF_ERROR(line.Labelled("parameters", &chunk.parameter_bytes));
      BATON_RETURN_IF_ERROR(line.Expect("bytes"));
      BATON_RETURN_IF_ERROR(line.Labelled("at", &chunk.parameters_offset));
      chunk.gradients_offset = chunk.optimizer_offset = kNoOffset;
      if (!line.Done()) {
        BATON_RETURN_IF_ERROR(line.Expect("gradients"));
        BATON_RETURN_IF_ERROR(line.Labelled("at", &chunk.gradients_offset));
        BATON_RETURN_IF_ERROR(line.Labelled("optimizer", &chunk.optimizer_bytes));
        BATON_RETURN_IF_ERROR(line.Expect("bytes"));
        BATON_RETURN_IF_ERROR(line.Labelled("at", &chunk.optimizer_offset));
      }
      device.chunks.push_back(chunk);
      return line.ExpectDone();
    }
    if (line.At("slot")) {
      line.Next();
      size_t index = 0;
      BATON_RETURN_IF_ERROR(line.Number(&index, "%"));
      if (index != device.slots.size()) {
        return Mistake(absl::StrCat("slot %", index, " where %", device.slots.size(), " is due"));
      }
      BATON_ASSIGN_OR_RETURN(const size_t kind, line.OneOf(kSlotKindWords, "kind of slot"));
      Slot slot = {static_cast<SlotKind>(kind), 0, 0};
      BATON_RETURN_IF_ERROR(line.Number(&slot.bytes));
      BATON_RETURN_IF_ERROR(line.Expect("bytes"));
      BATON_RETURN_IF_ERROR(line.Labelled("at", &slot.offset));
      device.slots.push_back(slot);
      return line.ExpectDone();
    }
    size_t index = 0;
    BATON_RETURN_IF_ERROR(line.Number(&index));
    if (index != device.instructions.size()) {
      return Mistake(absl::StrCat("instruction ", index, " where ", device.instructions.size(), " is due"));
    }
    return ParseInstruction(line, device);
  }

  // Checks the counts of the device that was under way.
  absl::Status DeviceDone() const {
    if (program_.devices.empty()) return absl::OkStatus();
    const DeviceProgram& device = program_.devices.back();
    if (device.instructions.size() == num_instructions_ && device.slots.size() == num_slots_) return absl::OkStatus();
    return Mistake(absl::StrCat("the device of line ", device_line_, " has ", device.instructions.size(),
                                " instructions and ", device.slots.size(), " slots, not ", num_instructions_, " and ",
                                num_slots_));
  }

  Program program_;
  std::vector<ChunkReplica> replicas_;
  std::vector<int32_t> replica_of_micro_batch_;
  bool begun_ = false;
  int num_devices_ = 0;
  int device_line_ = 0;
  size_t num_instructions_ = 0;
  size_t num_slots_ = 0;
};

}  // namespace

absl::StatusOr<Program> ParseProgramText(absl::string_view text) {
  Parser parser;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const auto at_line = [&](const absl::Status& status) {
      return absl::InvalidArgumentError(absl::StrCat("line ", number, ": ", status.message()));
    };
    absl::StatusOr<Line> line = Line::Create(text.substr(0, end));
    if (!line.ok()) return at_line(line.status());
    if (!line->Done()) {
      if (absl::Status status = parser.Take(*line, number); !status.ok()) return at_line(status);
    }
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
  }
  return parser.Finish();
}

}  // namespace baton
