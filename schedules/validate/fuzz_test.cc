// No reader of programs may crash or hang on a malformed program, and no reader of orders on a malformed order: both
// may come from a user's file. Tests random damage; most useful under the sanitizers.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "schedules/lower/lower.h"
#include "schedules/lower/testing/greedy_order.h"
#include "schedules/simulate/simulate.h"
#include "schedules/validate/validate.h"

namespace baton {
namespace {

class Damage {
 public:
  explicit Damage(uint32_t seed) : random_(seed) {}

  int Below(int limit) { return static_cast<int>(random_() % limit); }

  // Mostly near the valid range, sometimes far outside.
  int32_t Number() {
    static constexpr int32_t kFar[] = {-1, -2, 1000, 2147483647, -2147483647 - 1};
    return Below(4) == 0 ? kFar[Below(5)] : Below(12);
  }

  ChunkPlacement Harmed(const ChunkPlacement& placement) {
    std::vector<ChunkReplica> replicas = placement.replicas();
    std::vector<int32_t> replica_of_micro_batch = placement.replica_of_micro_batch();
    ChunkReplica& entry = replicas[Below(replicas.size())];
    switch (Below(5)) {
      case 0:
        entry.chunk = Number();
        break;
      case 1:
        entry.replica = Number();
        break;
      case 2:
        replicas.push_back({Number(), Number(), Number()});
        break;
      case 3:
        replica_of_micro_batch.push_back(Number());
        break;
      default:
        entry.device = Number();
    }
    return ChunkPlacement::OfList(placement.num_chunks(), std::move(replicas), std::move(replica_of_micro_batch));
  }

  void Harm(Program& program) {
    DeviceProgram& code = program.devices[Below(program.num_devices())];
    if (code.instructions.empty() || code.slots.empty()) return;
    Instruction& instruction = code.instructions[Below(code.instructions.size())];
    switch (Below(12)) {
      case 0:
        instruction.operation = Any();
        return;
      case 1:
        instruction.first_wait = Number();
        return;
      case 2:
        instruction.num_waits = Number();
        return;
      case 3:
        if (!code.waits.empty()) code.waits[Below(code.waits.size())] = Number();
        return;
      case 4:
        code.slots[Below(code.slots.size())] = {static_cast<SlotKind>(Below(8)), Number(), Number()};
        return;
      case 5:
        code.instructions.erase(code.instructions.begin() + Below(code.instructions.size()));
        return;
      case 6:
        std::swap(instruction, code.instructions[Below(code.instructions.size())]);
        return;
      case 7:
        program.placement = Harmed(program.placement);
        return;
      case 8:
        (Below(2) == 0 ? program.num_chunks : program.num_micro_batches) = Number();
        return;
      case 9:
        if (!program.reduce_groups.empty()) program.reduce_groups[0].members.push_back(Number());
        return;
      case 10:
        code.chunks.push_back({Number(), Number(), Number(), Number(), Number(), Number()});
        return;
      case 11:
        code.slots.pop_back();
        return;
    }
  }

  Operation Any() {
    auto n = [this] { return Number(); };
    switch (Below(12)) {
      case 0:
        return Load{n(), n(), static_cast<DataKind>(Below(2)), n()};
      case 1:
        return Forward{n(), n(), n(), n(), n(), n(), n(), n(), n()};
      case 2:
        return Backward{n(), n(), n(), n(), n(), n(), n(), n()};
      case 3:
        return BackwardInput{n(), n(), n(), n(), n(), n(), n(), n(), n()};
      case 4:
        return BackwardWeight{n(), n(), n(), n(), n(), n()};
      case 5:
        return Send{n(), n(), static_cast<Payload>(Below(2)), n(), n()};
      case 6:
        return Recv{n(), n(), static_cast<Payload>(Below(2)), n(), n()};
      case 7:
        return AllReduce{n()};
      case 8:
        return Recompute{n(), n(), n(), n(), n(), n(), n(), n()};
      case 9:
        return AllGather{n()};
      case 10:
        return ReduceScatter{n()};
      default:
        return Update{n()};
    }
  }

  void Harm(ComputeOrder& order) {
    std::vector<Action>& actions = order.devices[Below(order.num_devices())];
    switch (Below(6)) {
      case 0:
        actions.insert(actions.begin() + Below(actions.size() + 1),
                       {static_cast<ActionKind>(Below(5)), Number(), Number()});
        return;
      case 1:
        if (!actions.empty()) actions.erase(actions.begin() + Below(actions.size()));
        return;
      case 2:
      case 3:
        if (!actions.empty()) std::swap(actions[Below(actions.size())], actions[Below(actions.size())]);
        return;
      case 4:
        order.placement = Harmed(order.placement);
        return;
      case 5:
        (Below(2) == 0 ? order.num_chunks : order.num_micro_batches) = Number();
        return;
    }
  }

 private:
  std::mt19937 random_;
};

TEST_CASE("damaged programs are judged and simulated without a crash") {
  const ComputeOrder order = GreedyOrder({0, 2, 1, 1, 0}, 3, 3, true);
  const CostModel costs = VariedCosts(5);
  auto program = Lower(order, {"fuzz", costs, {{ReduceKind::kGradientNorm, "", {0, 1, 2, 3, 4}, 64}}});
  REQUIRE(program.ok());
  int num_sound = 0;
  int num_stuck = 0;
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    Damage damage(seed);
    Program mutant = *program;
    for (int n = damage.Below(3); n >= 0; --n) damage.Harm(mutant);
    const bool is_sound = CheckProgram(mutant).ok();
    const auto trace = Simulate(mutant, costs);
    INFO("seed " << seed << ": " << trace.status());
    // A proven program runs.
    REQUIRE((trace.ok() || !is_sound));
    num_sound += is_sound ? 1 : 0;
    num_stuck += trace.ok() ? 0 : 1;
  }
  // Both must happen, else the damage is too heavy or too light for a meaningful test.
  CHECK(num_sound > 10);
  CHECK(num_stuck > 100);
}

TEST_CASE("damaged orders are refused, or give sound programs") {
  int num_sound = 0;
  int num_refused = 0;
  for (uint32_t seed = 0; seed < 4000; ++seed) {
    Damage damage(seed);
    ComputeOrder order = GreedyOrder({0, 2, 1, 1, 0}, 3, 3, seed % 2 == 0);
    for (int n = damage.Below(3); n >= 0; --n) damage.Harm(order);
    const auto program = Lower(order, {"fuzz", VariedCosts(5)});
    if (!program.ok()) {
      REQUIRE(program.status().code() == absl::StatusCode::kInvalidArgument);
      ++num_refused;
      continue;
    }
    const absl::Status status = CheckProgram(*program);
    INFO("seed " << seed << ": " << status);
    REQUIRE(status.ok());
    REQUIRE(Simulate(*program, VariedCosts(5)).ok());
    ++num_sound;
  }
  CHECK(num_sound > 100);
  CHECK(num_refused > 1000);
}

}  // namespace
}  // namespace baton
