// The rule "activations": a limit at the peak is accepted; a slightly lower one is rejected, with the instruction.
#include <catch2/catch.hpp>

#include "schedules/catalog/catalog.h"
#include "schedules/validate/testing/lowered_program.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

ActivationLimits InMicroBatches(const Program& program, double weight_fraction, std::vector<double> limits) {
  CostModel costs;
  costs.chunks.resize(program.num_chunks);
  MemoryLimit asked;
  asked.micro_batches = std::move(limits);
  asked.weight_fraction = weight_fraction;
  const auto resolved = ResolveLimits(asked, costs, program.num_devices());
  REQUIRE(resolved.ok());
  return *resolved;
}

TEST_CASE("a program keeps the limit that its schedule is known for, and no smaller one") {
  struct Known {
    const char* schedule;
    int chunks;
    double held;  // at p = 4, m = 12
  };
  const Known known = GENERATE(Known{"naive", 1, 1}, Known{"gpipe", 1, 12}, Known{"1f1b", 1, 4}, Known{"zb-h1", 1, 4},
                               Known{"zb-h2", 1, 7}, Known{"interleaved", 2, 5.5}, Known{"zb-v", 2, 4});
  CAPTURE(known.schedule);
  const auto order = MakeOrder(known.schedule, {4, 12, known.chunks});
  REQUIRE(order.ok());
  const Program program = MustLower(*order);
  CHECK(ValidateActivations(program, InMicroBatches(program, 1, {known.held})).empty());
  const auto violations = ValidateActivations(program, InMicroBatches(program, 1, {known.held - 0.001}));
  REQUIRE_FALSE(violations.empty());
  for (const Violation& violation : violations) {
    CHECK(violation.rule == "activations");
    const auto& operation = program.devices[violation.device].instructions[violation.instruction].operation;
    CHECK(std::holds_alternative<Forward>(operation));
  }
}

TEST_CASE("the part that backward-input frees counts") {
  // Holds three forwards, then two and a fraction.
  ComputeOrder order = *MakeOrder("gpipe", {1, 3});
  using Kind = ActionKind;
  order.devices[0] = {{Kind::kForward, 0, 0},       {Kind::kForward, 0, 1},        {Kind::kBackwardInput, 0, 0},
                      {Kind::kForward, 0, 2},       {Kind::kBackwardInput, 0, 1},  {Kind::kBackwardWeight, 0, 0},
                      {Kind::kBackwardInput, 0, 2}, {Kind::kBackwardWeight, 0, 1}, {Kind::kBackwardWeight, 0, 2}};
  const Program program = MustLower(order);
  CHECK(ValidateActivations(program, InMicroBatches(program, 1, {3})).empty());
  CHECK(ValidateActivations(program, InMicroBatches(program, 0.25, {2.25})).empty());
  CHECK(PeakActivations(program, InMicroBatches(program, 0.25, {9})) == std::vector<int64_t>{2250000});
  const auto violations = ValidateActivations(program, InMicroBatches(program, 0.25, {2.2}));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].message == "has 2.25 micro-batches of live activations; its limit is 2.2 micro-batches");
  const auto& operation = program.devices[0].instructions[violations[0].instruction].operation;
  CHECK(std::get<Forward>(operation).micro_batch == 2);
}

TEST_CASE("each device has its own limit") {
  const Program program = MustLower(*MakeOrder("1f1b", {4, 12}));
  CHECK(ValidateActivations(program, InMicroBatches(program, 1, {4, 3, 2, 1})).empty());
  const auto violations = ValidateActivations(program, InMicroBatches(program, 1, {4, 3, 1, 1}));
  REQUIRE(violations.size() == 1);
  CHECK(violations[0].device == 2);
}

}  // namespace
}  // namespace baton
