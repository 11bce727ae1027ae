// To a message and back; fields of messages and structs agree.
#include "schedules/program/form/proto_form.h"

#include <catch2/catch.hpp>
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
      Wrong{"there are 0 chunks; there must be at least 1", [](proto::Program& p) { p.Clear(); }},
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

}  // namespace
}  // namespace baton
