// One thread an element: reads it from each member in order, adds, and writes the sum to all. Bound by memory.
#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "base/kernel_observer.h"
#include "base/shards.h"
#include "base/status.h"
#include "ops/cuda/device_code.h"
#include "ops/cuda/launch.h"
#include "runtime/transport/cuda/sum_members.h"

namespace baton {
namespace {

constexpr int kThreads = 256;
// Fits easily into a kernel's arguments. More members take several launches.
constexpr size_t kMembersPerLaunch = 64;

struct Members {
  std::byte* data[kMembersPerLaunch];
  int count;
};

// sum ← data[0] + data[1] + …, into all of `members`.
template <typename T>
__global__ void SumKernel(Members members, int64_t num_elements) {
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= num_elements) return;
  T sum = reinterpret_cast<const T*>(members.data[0])[i];
  for (int member = 1; member < members.count; ++member) sum += reinterpret_cast<const T*>(members.data[member])[i];
  for (int member = 0; member < members.count; ++member) reinterpret_cast<T*>(members.data[member])[i] = sum;
}

// data[0] into the others.
template <typename T>
__global__ void SpreadKernel(Members members, int64_t num_elements) {
  const int64_t i = int64_t{blockIdx.x} * kThreads + threadIdx.x;
  if (i >= num_elements) return;
  const T sum = reinterpret_cast<const T*>(members.data[0])[i];
  for (int member = 1; member < members.count; ++member) reinterpret_cast<T*>(members.data[member])[i] = sum;
}

// The sums of pairs, into both; the first member gets the total.
template <typename T>
absl::Status AddPairs(absl::Span<const ReduceBuffer> members, const LaunchShape& shape, KernelStream stream) {
  const int64_t num_elements = members[0].bytes / static_cast<Bytes>(sizeof(T));
  for (size_t stride = 1; stride < members.size(); stride *= 2) {
    for (size_t member = 0; member + stride < members.size(); member += 2 * stride) {
      Members pair = {{members[member].data, members[member + stride].data}, 2};
      BATON_RETURN_IF_ERROR(Launch(SumKernel<T>, shape, stream, pair, num_elements));
    }
  }
  return absl::OkStatus();
}

// Calls copy(owner, part) for the part of each member's shard that is in the block, which `members` have from `offset`
// of `total` bytes on; counted from the block's beginning.
template <typename Copy>
absl::Status ForEachShard(absl::Span<const ReduceBuffer> members, Bytes offset, Bytes total, Copy&& copy) {
  ReduceBuffer whole = members[0];
  whole.bytes = total;
  for (size_t owner = 0; owner < members.size(); ++owner) {
    const Shard shard = whole.ShardOfMember(static_cast<int>(owner), static_cast<int>(members.size()));
    const Shard part = PartInBlock(shard, offset, members[0].bytes);
    if (part.bytes() > 0) BATON_RETURN_IF_ERROR(copy(owner, part));
  }
  return absl::OkStatus();
}

template <typename T>
absl::Status Sum(absl::Span<const ReduceBuffer> members, Stream& stream, Bytes offset, Bytes total) {
  const KernelStream kernel_stream{stream.native_handle()};
  const int64_t num_elements = members[0].bytes / static_cast<Bytes>(sizeof(T));
  const LaunchShape shape{dim3(NumBlocks(num_elements, kThreads)), dim3(kThreads)};
  const bool is_tree = members[0].combine != Combine::kInOrder;
  if (is_tree) BATON_RETURN_IF_ERROR(AddPairs<T>(members, shape, kernel_stream));
  if (members[0].combine == Combine::kTreeToShards) {
    return ForEachShard(members, offset, total, [&](size_t owner, const Shard& part) {
      if (owner == 0) return absl::OkStatus();
      return stream.Copy(members[owner].data + part.begin, members[0].data + part.begin, part.bytes());
    });
  }
  // The first member carries the sum from launch to launch.
  const bool whole = members.size() <= kMembersPerLaunch && !is_tree;
  for (const bool spreads : {false, true}) {
    if (spreads ? whole : is_tree) continue;
    for (size_t begin = 1; begin == 1 || begin < members.size(); begin += kMembersPerLaunch - 1) {
      Members launch = {};
      launch.data[launch.count++] = members[0].data;
      const size_t end = std::min(members.size(), begin + kMembersPerLaunch - 1);
      for (size_t member = begin; member < end; ++member) launch.data[launch.count++] = members[member].data;
      BATON_RETURN_IF_ERROR(
          Launch(spreads ? SpreadKernel<T> : SumKernel<T>, shape, kernel_stream, launch, num_elements));
    }
  }
  return absl::OkStatus();
}

// Spreads the part of each member's shard that is in the block.
absl::Status ExchangeShards(absl::Span<const ReduceBuffer> members, Stream& stream, Bytes offset, Bytes total) {
  return ForEachShard(members, offset, total, [&](size_t owner, const Shard& part) -> absl::Status {
    for (size_t member = 0; member < members.size(); ++member) {
      if (member == owner) continue;
      BATON_RETURN_IF_ERROR(
          stream.Copy(members[member].data + part.begin, members[owner].data + part.begin, part.bytes()));
    }
    return absl::OkStatus();
  });
}

}  // namespace

absl::Status SumMembers(absl::Span<const ReduceBuffer> members, Stream& stream, Bytes offset, Bytes total) {
  const ReduceBuffer& first = members[0];
  const char* type = first.is_double ? "f64" : "f32";
  for (const ReduceBuffer& member : members) {
    if (member.combine != first.combine) {
      return absl::InternalError("the members of a collective differ in how they combine");
    }
    if (member.offset != first.offset || member.region_bytes != first.region_bytes || member.ratio != first.ratio) {
      return absl::InternalError("the members of a collective differ in what they cut into shards");
    }
    if (member.bytes != first.bytes || member.is_double != first.is_double) {
      return absl::InternalError(absl::StrCat("a sum of ", first.bytes, " bytes of ", type, " got ", member.bytes,
                                              " bytes of ", member.is_double ? "f64" : "f32"));
    }
  }
  const Bytes element_bytes = first.is_double ? sizeof(double) : sizeof(float);
  if (first.bytes % element_bytes != 0) {
    return absl::InternalError(absl::StrCat("a sum of ", first.bytes, " bytes, not whole elements of ", type));
  }
  if (first.bytes == 0) return absl::OkStatus();
  if (total == 0) total = first.bytes;
  if (first.combine == Combine::kShards) return ExchangeShards(members, stream, offset, total);
  const KernelScope scope(stream.native_handle(), [&] {
    const auto count = static_cast<double>(members.size());
    return KernelWork{"sum", absl::StrCat("members=", members.size(), " bytes=", first.bytes, " type=", type),
                      2 * count * static_cast<double>(first.bytes), 0};
  });
  return first.is_double ? Sum<double>(members, stream, offset, total) : Sum<float>(members, stream, offset, total);
}

}  // namespace baton
