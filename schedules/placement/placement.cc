// The tables of a placement and the check of its list.
#include "schedules/placement/placement.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// The most replicas × chunks, so that a mistyped number is an error and not an exhausted memory.
constexpr int64_t kMaxTableSize = int64_t{1} << 24;

std::string Name(const ChunkReplica& entry) {
  return absl::StrCat("replica ", entry.replica, " of chunk ", entry.chunk);
}

}  // namespace

ChunkPlacement ChunkPlacement::Of(const std::vector<int32_t>& device_of_chunk) {
  return OfReplicas({device_of_chunk}, {});
}

ChunkPlacement ChunkPlacement::OfReplicas(const std::vector<std::vector<int32_t>>& devices,
                                          std::vector<int32_t> replica_of_micro_batch) {
  std::vector<ChunkReplica> replicas;
  const size_t num_chunks = devices.empty() ? 0 : devices.front().size();
  replicas.reserve(devices.size() * num_chunks);
  std::vector<int32_t> previous(num_chunks);
  for (size_t replica = 0; replica < devices.size(); ++replica) {
    for (size_t chunk = 0; chunk < num_chunks; ++chunk) {
      const int32_t device = devices[replica][chunk];
      if (replica > 0 && previous[chunk] == device) continue;
      previous[chunk] = device;
      replicas.push_back({static_cast<int32_t>(chunk), static_cast<int32_t>(replica), device});
    }
  }
  return OfList(static_cast<int>(num_chunks), std::move(replicas), std::move(replica_of_micro_batch));
}

ChunkPlacement ChunkPlacement::OfList(int num_chunks, std::vector<ChunkReplica> replicas,
                                      std::vector<int32_t> replica_of_micro_batch) {
  ChunkPlacement placement;
  placement.num_chunks_ = num_chunks;
  placement.replicas_ = std::move(replicas);
  placement.replica_of_micro_batch_ = std::move(replica_of_micro_batch);
  placement.MakeTables();
  return placement;
}

void ChunkPlacement::MakeTables() {
  if (!FindListFault().empty()) return;
  num_replicas_ = replicas_.back().replica + 1;
  if (num_replicas_ == 1) return;
  index_.reserve(static_cast<size_t>(num_replicas_) * num_chunks_);
  next_.assign(replicas_.size(), -1);
  size_t entry = 0;
  for (int32_t replica = 0; replica < num_replicas_; ++replica) {
    for (int32_t chunk = 0; chunk < num_chunks_; ++chunk) {
      const bool is_own =
          entry < replicas_.size() && replicas_[entry].replica == replica && replicas_[entry].chunk == chunk;
      const int32_t before = replica == 0 ? -1 : index_[index_.size() - num_chunks_];
      if (is_own && before >= 0) next_[before] = static_cast<int32_t>(entry);
      index_.push_back(is_own ? static_cast<int32_t>(entry++) : before);
    }
  }
}

int32_t ChunkPlacement::IndexOn(int chunk, int device) const {
  int32_t entry = chunk;
  while (entry >= 0 && replicas_[entry].device != device) entry = next_.empty() ? -1 : next_[entry];
  return entry;
}

std::vector<int32_t> ChunkPlacement::EntriesOf(int chunk) const {
  std::vector<int32_t> entries = {chunk};
  while (!next_.empty() && next_[entries.back()] >= 0) entries.push_back(next_[entries.back()]);
  return entries;
}

std::vector<int32_t> ChunkPlacement::DevicesOfReplica(int replica) const {
  std::vector<int32_t> devices;
  devices.reserve(num_chunks_);
  for (int chunk = 0; chunk < num_chunks_; ++chunk) devices.push_back(replicas_[IndexOfReplica(chunk, replica)].device);
  return devices;
}

std::string ChunkPlacement::FindListFault() const {
  if (num_chunks_ < 1) return absl::StrCat("there are ", num_chunks_, " chunks; there must be at least 1");
  const auto num_entries = static_cast<int64_t>(replicas_.size());
  for (int64_t i = 0; i < num_entries; ++i) {
    const ChunkReplica& entry = replicas_[i];
    if (entry.chunk < 0 || entry.chunk >= num_chunks_) {
      return absl::StrCat("entry ", i, " of the replicas is of chunk ", entry.chunk, "; there are ", num_chunks_,
                          " chunks");
    }
    if (entry.replica < 0 || entry.replica >= num_entries) {
      return absl::StrCat("entry ", i, " of the replicas is replica ", entry.replica, "; it must be from 0 to ",
                          num_entries - 1);
    }
    const bool ascends =
        i == 0 || std::tie(replicas_[i - 1].replica, replicas_[i - 1].chunk) < std::tie(entry.replica, entry.chunk);
    if (!ascends) {
      return absl::StrCat(Name(entry), " is listed after ", Name(replicas_[i - 1]),
                          "; the list must ascend by replica, then chunk");
    }
  }
  for (int32_t chunk = 0; chunk < num_chunks_; ++chunk) {
    if (chunk >= num_entries || !(replicas_[chunk].chunk == chunk && replicas_[chunk].replica == 0)) {
      return absl::StrCat("chunk ", chunk, " has no replica 0; there are ", num_chunks_, " chunks");
    }
  }
  const int64_t table_size = (int64_t{replicas_.back().replica} + 1) * num_chunks_;
  if (table_size > kMaxTableSize) {
    return absl::StrCat(replicas_.back().replica + 1, " replicas of ", num_chunks_,
                        " chunks; their product must be at most ", kMaxTableSize);
  }
  return "";
}

std::string ChunkPlacement::FindFault(int num_chunks, int num_devices, int num_micro_batches, int lowest_device) const {
  if (std::string fault = FindListFault(); !fault.empty()) return fault;
  if (num_chunks_ != num_chunks) {
    return absl::StrCat(num_chunks_, " chunks are on devices; there are ", num_chunks, " chunks");
  }
  for (const ChunkReplica& entry : replicas_) {
    if (entry.device < lowest_device || entry.device >= num_devices) {
      return absl::StrCat("chunk ", entry.chunk, " is on device ", entry.device, "; there are ", num_devices,
                          " devices");
    }
  }
  if (num_replicas_ > 1) {
    std::vector<std::pair<int32_t, int32_t>> pairs;
    for (const ChunkReplica& entry : replicas_) pairs.emplace_back(entry.chunk, entry.device);
    std::sort(pairs.begin(), pairs.end());
    if (const auto twice = std::adjacent_find(pairs.begin(), pairs.end()); twice != pairs.end()) {
      return absl::StrCat("two replicas of chunk ", twice->first, " are listed on device ", twice->second,
                          "; replicas on one device share an entry");
    }
    if (replica_of_micro_batch_.empty()) {
      return absl::StrCat("no micro-batch has a replica; there are ", num_replicas_, " replicas");
    }
  }
  if (!replica_of_micro_batch_.empty() && replica_of_micro_batch_.size() != static_cast<size_t>(num_micro_batches)) {
    return absl::StrCat(replica_of_micro_batch_.size(), " micro-batches have a replica; there are ", num_micro_batches,
                        " micro-batches");
  }
  for (size_t i = 0; i < replica_of_micro_batch_.size(); ++i) {
    if (replica_of_micro_batch_[i] < 0 || replica_of_micro_batch_[i] >= num_replicas_) {
      return absl::StrCat("micro-batch ", i, " uses replica ", replica_of_micro_batch_[i], "; there are ",
                          num_replicas_, " replicas");
    }
  }
  return "";
}

}  // namespace baton
