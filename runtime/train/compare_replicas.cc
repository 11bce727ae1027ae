// Each process gets the hashes of all, so that all find the same difference.
#include "runtime/train/compare_replicas.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/content_hash.h"
#include "base/status.h"
#include "runtime/process/agreed.h"

namespace baton {
namespace {

constexpr char kSeparator = ' ';  // between hashes, which are hexadecimal digits

// One member of a group, in one replica.
struct Place {
  int device = 0;  // of the program
  int member = 0;
  int rank = 0;
};

std::string NameOf(const Control& control, int num_members, const Place& place) {
  return absl::StrCat(num_members > 1 ? absl::StrCat("member ", place.member, " of ") : "", "device ", place.device,
                      control.size() > 1 ? absl::StrCat(" (rank ", place.rank, ")") : "");
}

// The hashes of all processes, each of which sent its own in the order of replicas and members.
class SentHashes {
 public:
  explicit SentHashes(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) of_rank_.push_back(absl::StrSplit(text, kSeparator, absl::SkipEmpty()));
    next_.resize(of_rank_.size(), 0);
  }

  absl::StatusOr<ParameterHashes> Next(int rank) {
    if (next_[rank] + 2 > of_rank_[rank].size()) {
      return absl::InternalError(absl::StrCat("rank ", rank, " sent too few hashes of replicas"));
    }
    next_[rank] += 2;
    return ParameterHashes{of_rank_[rank][next_[rank] - 2], of_rank_[rank][next_[rank] - 1]};
  }

 private:
  std::vector<std::vector<std::string>> of_rank_;
  std::vector<size_t> next_;
};

}  // namespace

absl::StatusOr<ParameterHashes> HashParameters(const ParameterLayout& layout, const ReplicaParameters& replica) {
  // The masters are compared where all replicas have all of them.
  const bool of_masters = layout.has_masters() && !replica.shard.has_value();
  const std::byte* const region = of_masters ? replica.optimizer : replica.parameters;
  const int ratio = of_masters ? 1 : layout.gradient_ratio();
  std::vector<std::byte> values(layout.GradientBytes(replica.chunk) / ratio);
  BATON_RETURN_IF_ERROR(replica.device->CopyFromArena(values.data(), region, static_cast<Bytes>(values.size())));
  const char* const begin = reinterpret_cast<const char*>(values.data());
  ContentHash uncut;
  for (const ParameterUse& use : layout.UsesIn(replica.chunk)) {
    const ParameterSpec& spec = layout.SpecOf(use);
    if (spec.slice.IsWhole())
      uncut.Add({begin + use.offsets.gradients / ratio, static_cast<size_t>(spec.shape.NumBytes() / ratio)});
  }
  return ParameterHashes{HashOf({begin, values.size()}), uncut.Hex()};
}

absl::Status CompareReplicas(Control& control, const Program& program, const std::vector<std::vector<int>>& dealt,
                             const std::vector<ParameterHashes>& hashes, int64_t step) {
  const int num_members = static_cast<int>(dealt.size());
  std::vector<std::string> own;
  for (const ParameterHashes& each : hashes) own.insert(own.end(), {each.all, each.uncut});
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all,
                         control.Exchange(absl::StrJoin(own, std::string(1, kSeparator))));
  SentHashes sent(all);
  std::vector<std::vector<ParameterHashes>> first(program.num_chunks);  // [member], of the chunk's first replica
  for (const ChunkReplica& replica : program.placement.replicas()) {
    const int first_device = program.placement.FirstDeviceOf(replica.chunk);
    std::vector<ParameterHashes>& expected = first[replica.chunk];
    for (int member = 0; member < num_members; ++member) {
      const Place here = {replica.device, member, dealt[member][replica.device]};
      BATON_ASSIGN_OR_RETURN(const ParameterHashes found, sent.Next(here.rank));
      if (static_cast<int>(expected.size()) < num_members) expected.push_back(found);
      const bool uncut_differ = found.uncut != expected.front().uncut;
      if (!uncut_differ && found.all == expected[member].all) continue;
      const int other = uncut_differ ? 0 : member;
      const Place there = {first_device, other, dealt[other][first_device]};
      return AgreedByAll(absl::DataLossError(absl::StrCat(
          "after step ", step + 1, " the ", uncut_differ && num_members > 1 ? "uncut " : "", "parameters of chunk ",
          replica.chunk, " on ", NameOf(control, num_members, here), " differ from those on ",
          NameOf(control, num_members, there), ", which should be equal: memory or a device is damaged")));
    }
  }
  return absl::OkStatus();
}

}  // namespace baton
