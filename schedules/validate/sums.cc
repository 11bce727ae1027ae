// The rule "sums"; see rules.h.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/program/walk/gradient_folds.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

class SumsChecker {
 public:
  SumsChecker(const Program& program, std::vector<Violation>& violations)
      : program_(program), violations_(violations), groups_(program.placement.replicas().size()) {}

  void Run() {
    FindGroups();
    CheckMemory();
    if (program_.sum_groups == 1) return;
    for (int chunk = 0; chunk < program_.num_chunks; ++chunk) CheckChunk(chunk);
  }

 private:
  // The sum groups whose micro-batches a replica passes.
  struct Groups {
    int first = -1;
    int last = -1;
    int num_micro_batches = 0;

    int count() const { return first < 0 ? 0 : last - first + 1; }
  };

  void Report(int device, const std::string& message) { violations_.push_back({device, -1, "sums", message}); }

  void FindGroups() {
    for (int chunk = 0; chunk < program_.num_chunks; ++chunk) {
      for (int micro_batch = 0; micro_batch < program_.num_micro_batches; ++micro_batch) {
        Groups& groups = groups_[program_.placement.IndexOf(chunk, micro_batch)];
        if (groups.first < 0) groups.first = program_.SumGroupOf(micro_batch);
        groups.last = program_.SumGroupOf(micro_batch);
        ++groups.num_micro_batches;
      }
    }
  }

  void CheckMemory() {
    for (int device = 0; device < program_.num_devices(); ++device) {
      for (const ChunkMemory& memory : program_.devices[device].chunks) {
        const Groups& groups = groups_[program_.placement.IndexOn(memory.chunk, device)];
        const int needed = program_.forward_only ? 0 : NumPartialSums(groups.count());
        if (memory.partial_sum_bytes == needed * memory.gradient_bytes()) continue;
        Report(device,
               absl::StrCat("chunk ", memory.chunk, " has ", memory.partial_sum_bytes, " bytes of partial sums; its ",
                            groups.count(), " sum groups need ", needed * memory.gradient_bytes()));
      }
    }
  }

  void CheckChunk(int chunk) {
    const int group_size = program_.num_micro_batches / program_.sum_groups;
    int previous = -1;
    int count = 0;
    for (const int32_t entry : program_.placement.EntriesOf(chunk)) {
      const Groups& groups = groups_[entry];
      const ChunkReplica& replica = program_.placement.replicas()[entry];
      if (groups.first < 0) continue;
      const auto named = [&] { return absl::StrCat("replica ", replica.replica, " of chunk ", chunk); };
      if (count == 0) count = groups.count();
      if (groups.first < previous) {
        Report(replica.device, absl::StrCat(named(), " sums group ", groups.first, " after group ", previous));
      }
      if (groups.count() != count) {
        Report(replica.device, absl::StrCat(named(), " sums ", groups.count(), " groups; another replica ", count));
      }
      if (groups.count() > 1 && groups.num_micro_batches != groups.count() * group_size) {
        Report(replica.device, absl::StrCat(named(), " sums parts of groups ", groups.first, " to ", groups.last));
      }
      if ((count & (count - 1)) != 0 || groups.first % count != 0) {
        Report(replica.device, absl::StrCat(named(), " sums groups ", groups.first, " to ", groups.last,
                                            ", which are no branch of a balanced tree"));
      }
      previous = std::max(previous, groups.last);
    }
  }

  const Program& program_;
  std::vector<Violation>& violations_;
  std::vector<Groups> groups_;  // [entry of the placement]
};

}  // namespace

void CheckSums(const Program& program, std::vector<Violation>& violations) { SumsChecker(program, violations).Run(); }

}  // namespace baton
