// The rule "regions"; see rules.h.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "schedules/program/form/describe.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

constexpr int32_t kNever = std::numeric_limits<int32_t>::max();

enum class Region : int8_t { kParameters, kGradients };

class RegionChecker {
 public:
  RegionChecker(const Program& program, std::vector<Violation>& violations)
      : program_(program), violations_(violations) {}

  void Run() {
    for (device_ = 0; device_ < program_.num_devices(); ++device_) RunDevice();
  }

 private:
  // A collective, and all that is over when it begins or that it is over before.
  struct Collective {
    int32_t instruction;
    int32_t compute_before = -1;       // this compute instruction and all before it are over when it begins
    std::vector<int32_t> before = {};  // indices of collectives that are over when it begins
    int32_t first_waiter = kNever;     // this compute instruction and all after it begin when it is over
  };
  // The uses of a region of one chunk so far.
  struct Uses {
    int32_t last_compute = -1;
    int32_t last_compute_write = -1;
    std::vector<int32_t> readers;  // indices of collectives
    std::vector<int32_t> writers;
  };

  void RunDevice() {
    const std::vector<Instruction>& instructions = Code().instructions;
    collectives_.clear();
    index_of_.assign(instructions.size(), -1);
    for (std::vector<Uses>& uses : uses_) uses.assign(program_.num_chunks, {});
    for (index_ = 0; index_ < static_cast<int32_t>(instructions.size()); ++index_) {
      const Operation& operation = instructions[index_].operation;
      if (IsTransfer(operation)) continue;
      if (IsCollective(operation)) {
        AddCollective();
      } else {
        TakeWaits();
      }
      std::visit([this](const auto& each) { Check(each); }, operation);
    }
  }

  const DeviceProgram& Code() const { return program_.devices[device_]; }

  // Records what is over when the collective begins. Waits for transfers order nothing here.
  void AddCollective() {
    Collective own{index_};
    for (const int32_t wait : Code().WaitsOf(Code().instructions[index_])) {
      if (IsCompute(Code().instructions[wait].operation)) own.compute_before = std::max(own.compute_before, wait);
      if (index_of_[wait] < 0) continue;
      const Collective& other = collectives_[index_of_[wait]];
      own.compute_before = std::max(own.compute_before, other.compute_before);
      own.before.push_back(index_of_[wait]);
      own.before.insert(own.before.end(), other.before.begin(), other.before.end());
    }
    std::sort(own.before.begin(), own.before.end());
    own.before.erase(std::unique(own.before.begin(), own.before.end()), own.before.end());
    index_of_[index_] = static_cast<int32_t>(collectives_.size());
    collectives_.push_back(std::move(own));
  }

  // Records the collectives that are over when this compute instruction begins.
  void TakeWaits() {
    for (const int32_t wait : Code().WaitsOf(Code().instructions[index_])) {
      if (index_of_[wait] < 0) continue;
      const auto mark = [&](int32_t index) {
        collectives_[index].first_waiter = std::min(collectives_[index].first_waiter, index_);
      };
      mark(index_of_[wait]);
      for (const int32_t other : collectives_[index_of_[wait]].before) mark(other);
    }
  }

  // Whether the collective is over when this instruction begins.
  bool IsOver(int32_t collective) const {
    const int32_t waiter = collectives_[collective].first_waiter;
    if (index_of_[index_] < 0) return waiter <= index_;
    const Collective& own = collectives_[index_of_[index_]];
    return waiter <= own.compute_before || std::binary_search(own.before.begin(), own.before.end(), collective);
  }

  void CheckUse(Region region, int32_t chunk, bool writes) {
    Uses& uses = uses_[static_cast<size_t>(region)][chunk];
    const auto report = [&](int32_t instruction) {
      violations_.push_back(
          {device_, index_, "regions",
           absl::StrCat(writes ? "writes" : "reads", " the ", region == Region::kGradients ? "gradients" : "parameters",
                        " of chunk ", chunk, " without waiting for instruction ", instruction, " (",
                        Describe(Code().instructions[instruction].operation), "), which ", "uses them")});
    };
    for (const int32_t writer : uses.writers) {
      if (!IsOver(writer)) report(collectives_[writer].instruction);
    }
    for (const int32_t reader : uses.readers) {
      if (writes && !IsOver(reader)) report(collectives_[reader].instruction);
    }
    if (index_of_[index_] < 0) {
      uses.last_compute = index_;
      if (writes) uses.last_compute_write = index_;
      return;
    }
    const int32_t compute = writes ? uses.last_compute : uses.last_compute_write;
    if (compute > collectives_[index_of_[index_]].compute_before) report(compute);
    (writes ? uses.writers : uses.readers).push_back(index_of_[index_]);
  }

  void Check(const Load&) {}
  void Check(const Send&) {}
  void Check(const Recv&) {}
  void Check(const Forward& each) { CheckUse(Region::kParameters, each.chunk, false); }
  void Check(const BackwardInput& each) { CheckUse(Region::kParameters, each.chunk, false); }
  void Check(const Recompute& each) { CheckUse(Region::kParameters, each.chunk, false); }
  void Check(const Backward& each) {
    CheckUse(Region::kParameters, each.chunk, false);
    CheckUse(Region::kGradients, each.chunk, true);
  }
  void Check(const BackwardWeight& each) { CheckUse(Region::kGradients, each.chunk, true); }
  void Check(const Update& each) {
    CheckUse(Region::kGradients, each.chunk, true);
    CheckUse(Region::kParameters, each.chunk, true);
  }
  void Check(const AllReduce& each) {
    CheckGroup(Region::kGradients, each.group, program_.reduce_groups[each.group].kind != ReduceKind::kGradientNorm);
  }
  void Check(const ReduceScatter& each) { CheckGroup(Region::kGradients, each.group, true); }
  void Check(const AllGather& each) {
    const bool is_tied = program_.reduce_groups[each.group].kind == ReduceKind::kTiedShards;
    CheckGroup(is_tied ? Region::kGradients : Region::kParameters, each.group, true);
  }

  void CheckGroup(Region region, int32_t group, bool writes) {
    int32_t previous = -1;  // a chunk may be a member several times
    for (const int32_t member : program_.reduce_groups[group].members) {
      const ChunkReplica& replica = program_.placement.replicas()[member];
      if (replica.device != device_ || member == previous) continue;
      previous = member;
      CheckUse(region, replica.chunk, writes);
    }
  }

  const Program& program_;
  std::vector<Violation>& violations_;
  // The state of the device in progress.
  int32_t device_ = 0;
  int32_t index_ = 0;
  std::vector<Collective> collectives_;
  std::vector<int32_t> index_of_;  // [instruction]: in collectives_; -1: none
  std::vector<Uses> uses_[2];      // [Region][chunk]
};

}  // namespace

void CheckRegions(const Program& program, std::vector<Violation>& violations) {
  RegionChecker(program, violations).Run();
}

}  // namespace baton
