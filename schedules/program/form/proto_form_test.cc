// To a message and back; fields of messages and structs agree.
#include "schedules/program/form/proto_form.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "schedules/program/fields.h"
#include "schedules/program/form/words.h"
#include "schedules/program/structure.h"
#include "schedules/program/testing/example_program.h"

namespace baton {
namespace {

TEST_CASE("a program goes through its message, and through bytes, unchanged") {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const Program program = seed == 0 ? ExampleProgram() : RandomProgram(seed);
    std::string bytes;
    REQUIRE(ProgramToProto(program).SerializeToString(&bytes));
    proto::Program message;
    REQUIRE(message.ParseFromString(bytes));
    const auto back = ProgramFromProto(message);
    INFO(back.status());
    REQUIRE(back.ok());
    REQUIRE(SameProgram(*back, program));
  }
}

TEST_CASE("the messages have the operations' fields, no fewer and no more") {
  const auto& instruction = *proto::Instruction::descriptor();
  CHECK(instruction.FindOneofByName("operation")->field_count() == std::variant_size_v<Operation>);
  for (size_t i = 0; i < std::variant_size_v<Operation>; ++i) {
    INFO(kOperationNames[i]);
    const auto* field = instruction.FindFieldByName(kOperationNames[i]);
    REQUIRE(field != nullptr);
    int fields = 0;
    const auto check = [&](FieldRole, const char* name, auto value) {
      INFO(name);
      const auto* operand = field->message_type()->FindFieldByName(name);
      REQUIRE(operand != nullptr);
      ++fields;
      if constexpr (std::is_enum_v<decltype(value)>) {
        REQUIRE(operand->enum_type() != nullptr);
        REQUIRE(operand->enum_type()->value_count() == 2);
        for (int j = 0; j < 2; ++j) {
          CHECK(operand->enum_type()->FindValueByNumber(j)->name() == absl::AsciiStrToUpper(WordsOf(value)[j]));
        }
      } else {
        CHECK(operand->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32);
      }
    };
    const Operation operation = MakeOperation(i);
    CHECK(operation.index() == i);
    std::visit([&](const auto& each) { VisitFields(each, check); }, operation);
    CHECK(fields == field->message_type()->field_count());
  }
}

TEST_CASE("the kinds have the same numbers in both forms") {
  CHECK(proto::Slot::Kind_descriptor()->value_count() == std::size(kSlotKindWords));
  for (size_t i = 0; i < std::size(kSlotKindWords); ++i) {
    CHECK(proto::Slot::Kind_Name(static_cast<proto::Slot::Kind>(i)) == absl::AsciiStrToUpper(kSlotKindWords[i]));
  }
  CHECK(proto::ReduceGroup::Kind_descriptor()->value_count() == std::size(kReduceKindWords));
  for (size_t i = 0; i < std::size(kReduceKindWords); ++i) {
    CHECK(proto::ReduceGroup::Kind_Name(static_cast<proto::ReduceGroup::Kind>(i)) ==
          absl::AsciiStrToUpper(kReduceKindWords[i]));
  }
}

struct Wrong {
  std::string message;
  void (*change)(proto::Program&);
};

TEST_CASE("wrong messages are refused") {
  const Wrong wrong = GENERATE(
      Wrong{"the program has no version; it must be at least 1", [](proto::Program& p) { p.Clear(); }},
      Wrong{"the program has version 3; this build of Baton reads versions up to 2",
            [](proto::Program& p) { p.set_version(3); }},
      Wrong{"there are 0 chunks; there must be at least 1", [](proto::Program& p) { p.set_num_chunks(0); }},
      Wrong{"an instruction without an operation",
            [](proto::Program& p) { p.mutable_devices(0)->add_instructions()->add_waits(0); }},
      Wrong{"load of an unknown kind",
            [](proto::Program& p) {
              p.mutable_devices(0)->mutable_instructions(0)->mutable_load()->set_kind(
                  static_cast<proto::LoadInstruction::Kind>(1000));
            }},
      Wrong{"a slot of an unknown kind",
            [](proto::Program& p) {
              p.mutable_devices(0)->mutable_slots(0)->set_kind(static_cast<proto::Slot::Kind>(256));
            }},
      Wrong{"a reduce group of an unknown kind",
            [](proto::Program& p) { p.mutable_reduce_groups(0)->set_kind(static_cast<proto::ReduceGroup::Kind>(-1)); }},
      Wrong{"device 0, instruction 2: slot 77 must be from -1 to 5",
            [](proto::Program& p) { p.mutable_devices(0)->mutable_instructions(2)->mutable_send()->set_slot(77); }});
  proto::Program message = ProgramToProto(ExampleProgram());
  wrong.change(message);
  const auto program = ProgramFromProto(message);
  CHECK(program.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(program.status().message() == wrong.message);
}

TEST_CASE("a program goes through its text unchanged") {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    const Program program = seed == 0 ? ExampleProgram() : RandomProgram(seed);
    const std::string text = PrintProgramProto(program);
    const auto back = ParseProgramProto(text);
    INFO(text << back.status());
    REQUIRE(back.ok());
    REQUIRE(SameProgram(*back, program));
    REQUIRE(PrintProgramProto(*back) == text);
  }
  CHECK(PrintProgramProto(ExampleProgram()).find("\n  instructions { send { peer: 1 slot: 1 } waits: [1] }\n") !=
        std::string::npos);
}

struct Mistake {
  std::string from;
  std::string to;
  std::string message;
};

TEST_CASE("a mistake in the text is named with its line and column") {
  const Mistake mistake = GENERATE(
      Mistake{"version: 2", "version: 7", "the program has version 7; this build of Baton reads versions up to 2"},
      Mistake{"forward {", "frward {",
              "line 11, column 25: Message type \"baton.proto.Instruction\" has no field named \"frward\"."},
      Mistake{"peer: 1 slot: 1", "peer: x slot: 1", "line 12, column 31: Expected integer, got: x"},
      Mistake{"peer: 1 slot: 1", "peer: 1 slot: 6", "device 0, instruction 2: slot 6 must be from -1 to 5"},
      Mistake{"waits: [1]", "waits: [9]",
              "device 0, instruction 2: waits for instruction 9, which is not an earlier one"},
      Mistake{"optimizer_bytes: 512", "optimizer_bytes: -5",
              "device 0: optimizer state of chunk 0 at offset 512 with -5 bytes is outside the arena of 1572864 "
              "bytes"});
  INFO(mistake.to);
  std::string text = PrintProgramProto(ExampleProgram());
  const size_t at = text.find(mistake.from);
  REQUIRE(at != std::string::npos);
  const auto parsed = ParseProgramProto(text.replace(at, mistake.from.size(), mistake.to));
  CHECK(parsed.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(parsed.status().message() == mistake.message);
}

TEST_CASE("damaged text is refused or gives a sound program") {
  const std::string whole = PrintProgramProto(ExampleProgram());
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto parsed = ParseProgramProto(whole.substr(0, size));
    if (parsed.ok()) CHECK(CheckStructure(*parsed) == absl::OkStatus());
  }
  std::mt19937 random(1);
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text = whole;
    for (int j = 0; j < 3; ++j)
      text[random() % text.size()] = static_cast<char>(random() % 4 == 0 ? random() : '0' + random() % 10);
    const auto parsed = ParseProgramProto(text);
    if (parsed.ok()) {
      CHECK(CheckStructure(*parsed) == absl::OkStatus());
    } else {
      ++refused;
    }
  }
  CHECK(refused > 1000);
}

}  // namespace
}  // namespace baton
