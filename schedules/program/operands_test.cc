// Operands by role (operands.h) and by name (fields.h).
#include "schedules/program/operands.h"

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "schedules/program/fields.h"
#include "schedules/program/form/words.h"

namespace baton {
namespace {

using Use = std::pair<SlotId, Access>;

TEST_CASE("operands have the names of their roles and the order of the fields") {
  for (size_t index = 0; index < std::variant_size_v<Operation>; ++index) {
    CAPTURE(kOperationNames[index]);
    Operation operation = MakeOperation(index);
    const bool has_role_names = !std::holds_alternative<Load>(operation) && !IsTransfer(operation);
    std::vector<Use> fields;
    std::vector<std::string> names;
    const auto number = [&](FieldRole role, const char* name, auto& field) {
      if (role != FieldRole::kReads && role != FieldRole::kWrites) return;
      field = static_cast<std::decay_t<decltype(field)>>(100 + fields.size());
      fields.emplace_back(static_cast<SlotId>(field), role == FieldRole::kReads ? Access::kRead : Access::kWrite);
      names.push_back(name);
    };
    std::visit([&](auto& each) { VisitFields(each, number); }, operation);
    std::vector<Use> operands;
    ForEachOperand(operation, [&](SlotId slot, SlotKind role, Access access) {
      if (has_role_names) CHECK(names.at(operands.size()) == kSlotKindWords[static_cast<size_t>(role)]);
      operands.emplace_back(slot, access);
    });
    CHECK(operands == fields);
  }
}

TEST_CASE("operands: the roles of the slots of transfers and loads") {
  const auto role_of = [](const Operation& operation) {
    SlotKind found = SlotKind::kStash;
    ForEachOperand(operation, [&](SlotId, SlotKind role, Access) { found = role; });
    return found;
  };
  CHECK(role_of(Load{0, 0, DataKind::kInputs, 0}) == SlotKind::kInput);
  CHECK(role_of(Load{0, 0, DataKind::kTargets, 0}) == SlotKind::kTargets);
  CHECK(role_of(Send{0, 0, Payload::kActivation, 1, 0}) == SlotKind::kOutput);
  CHECK(role_of(Send{0, 0, Payload::kGradient, 1, 0}) == SlotKind::kGradInput);
  CHECK(role_of(Recv{0, 0, Payload::kActivation, 1, 0}) == SlotKind::kInput);
  CHECK(role_of(Recv{0, 0, Payload::kGradient, 1, 0}) == SlotKind::kGradOutput);
}

}  // namespace
}  // namespace baton
