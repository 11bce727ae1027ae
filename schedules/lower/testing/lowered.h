// Lowering for tests: orders by name, and programs from a Lower that must succeed.
#ifndef BATON_SCHEDULES_LOWER_TESTING_LOWERED_H_
#define BATON_SCHEDULES_LOWER_TESTING_LOWERED_H_

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "schedules/catalog/catalog.h"
#include "schedules/lower/lower.h"

namespace baton {

inline Program MustLower(const ComputeOrder& order, const LowerOptions& options) {
  auto program = Lower(order, options);
  INFO(program.status());
  REQUIRE(program.ok());
  return *std::move(program);
}

inline ComputeOrder Named(const std::string& name, const OrderRequest& request) {
  auto order = MakeOrder(name, request);
  REQUIRE(order.ok());
  return *std::move(order);
}

// The number of slots of the kind.
inline int CountSlots(const DeviceProgram& code, SlotKind kind) {
  int count = 0;
  for (const Slot& slot : code.slots) count += slot.kind == kind ? 1 : 0;
  return count;
}

}  // namespace baton

#endif  // BATON_SCHEDULES_LOWER_TESTING_LOWERED_H_
