// Each process gets the hashes of all, so that all find the same difference.
#include "runtime/train/compare_replicas.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "runtime/process/agreed.h"

namespace baton {
namespace {

constexpr char kSeparator = ' ';  // between hashes, which are hexadecimal digits

std::string NameOf(const Control& control, int device, int rank) {
  return control.size() == 1 ? absl::StrCat("device ", device) : absl::StrCat("device ", device, " (rank ", rank, ")");
}

}  // namespace

absl::Status CompareReplicas(Control& control, const Program& program, const std::vector<int>& rank_of_device,
                             const std::vector<std::string>& hashes, int64_t step) {
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> all,
                         control.Exchange(absl::StrJoin(hashes, std::string(1, kSeparator))));
  std::vector<std::vector<std::string>> of_rank;
  for (const std::string& each : all) of_rank.push_back(absl::StrSplit(each, kSeparator, absl::SkipEmpty()));
  std::vector<size_t> next(of_rank.size(), 0);
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  std::vector<std::string> first_hash(program.num_chunks);  // of the chunk's first replica
  for (const ChunkReplica& replica : replicas) {
    const int rank = rank_of_device[replica.device];
    if (next[rank] == of_rank[rank].size()) {
      return absl::InternalError(absl::StrCat("rank ", rank, " sent too few hashes of replicas"));
    }
    const std::string& hash = of_rank[rank][next[rank]++];
    std::string& first = first_hash[replica.chunk];
    if (first.empty()) first = hash;
    if (hash == first) continue;
    const int first_device = program.placement.FirstDeviceOf(replica.chunk);
    return AgreedByAll(
        absl::DataLossError(absl::StrCat("after step ", step + 1, " the parameters of chunk ", replica.chunk, " on ",
                                         NameOf(control, replica.device, rank), " differ from those on ",
                                         NameOf(control, first_device, rank_of_device[first_device]),
                                         ", which should be equal: memory or a device is damaged")));
  }
  return absl::OkStatus();
}

}  // namespace baton
