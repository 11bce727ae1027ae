// Exchanges as sums and shards of collectives.
#include "runtime/transport/gloo/gloo_member_meeting.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// As LocalMemberMeeting: the larger of the two, or no number if one is none.
template <typename T>
void TakeLarger(const std::byte* from, int64_t count, std::byte* into) {
  const T* values = reinterpret_cast<const T*>(from);
  T* results = reinterpret_cast<T*>(into);
  for (int64_t i = 0; i < count; ++i) {
    if (!(values[i] <= results[i]) && !std::isnan(results[i])) results[i] = values[i];
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<GlooMemberMeeting>> GlooMemberMeeting::Create(Transport& transport,
                                                                             const std::vector<int>& rank_of_member,
                                                                             int rank) {
  const auto [begin, end] = std::equal_range(rank_of_member.begin(), rank_of_member.end(), rank);
  const MembersHere here = {static_cast<int>(begin - rank_of_member.begin()), static_cast<int>(end - begin)};
  std::vector<int32_t> processes, members;
  for (const int each : rank_of_member) {
    members.push_back(each);
    if (processes.empty() || processes.back() != each) processes.push_back(each);
  }
  for (const int32_t process : processes) {
    const auto count = std::count(rank_of_member.begin(), rank_of_member.end(), process);
    if (count == here.count) continue;
    return absl::InvalidArgumentError(absl::StrCat("a tensor-parallel group has ", count, " members in rank ", process,
                                                   " and ", here.count, " in rank ", rank));
  }
  std::unique_ptr<GlooMemberMeeting> meeting(
      new GlooMemberMeeting(static_cast<int>(rank_of_member.size()), here, rank));
  BATON_ASSIGN_OR_RETURN(meeting->sums_, transport.CreateCollective(members));
  BATON_ASSIGN_OR_RETURN(meeting->gathers_, transport.CreateCollective(processes));
  meeting->wholes_.resize(here.count);
  return meeting;
}

void GlooMemberMeeting::Cancel() {
  MemberMeeting::Cancel();
  doorbell_.Cancel();
}

void GlooMemberMeeting::Reset() {
  sums_->Reset();
  gathers_->Reset();
  doorbell_.Resume();
  MemberMeeting::Reset();
}

absl::Status GlooMemberMeeting::GatherBytes(Bytes bytes, const std::byte* own, std::byte* all) {
  MakeRoom(bytes);
  for (int member = 0; member < here().count; ++member) {
    std::copy_n(own + member * bytes, bytes, PlaceOf(here().first + member));
  }
  BATON_RETURN_IF_ERROR(ExchangeGathered());
  for (int member = 0; member < num_members(); ++member) std::copy_n(PlaceOf(member), bytes, all + member * bytes);
  return absl::OkStatus();
}

absl::Status GlooMemberMeeting::CombineShare(int member, KernelStream stream) {
  const Buffer& own = buffers()[member];
  if (own.type != DataType::kFloat32 && own.type != DataType::kFloat64) {
    return absl::InvalidArgumentError(
        absl::StrCat("sum over members: ", Shape(own.type, {own.count}).ToString(), " is neither f32 nor f64"));
  }
  // The others wait behind this, and then learn how it went.
  if (member == 0) exchanged_ = Exchange();
  return absl::OkStatus();
}

absl::Status GlooMemberMeeting::Exchange() {
  switch (buffers()[0].combine) {
    case Combine::kSum:
      return Sum();
    case Combine::kSumScatter:
      return SumScatter();
    case Combine::kMax:
      return Max();
    case Combine::kGather:
      return Gather();
  }
  return absl::InternalError("an exchange of an unknown kind");
}

absl::Status GlooMemberMeeting::Sum() {
  reduced_.clear();
  for (const Buffer& each : buffers()) {
    reduced_.push_back({each.target, each.count * SizeOf(each.type), each.type == DataType::kFloat64});
  }
  return Arrive(*sums_, reduced_);
}

absl::Status GlooMemberMeeting::SumScatter() {
  const Bytes slice = buffers()[0].count * SizeOf(buffers()[0].type);
  const Bytes shard = AlignUp(slice);
  reduced_.clear();
  for (int member = 0; member < here().count; ++member) {
    const Buffer& each = buffers()[member];
    std::vector<std::byte>& whole = wholes_[member];
    if (static_cast<Bytes>(whole.size()) < shard * num_members()) whole.resize(shard * num_members());
    for (int owner = 0; owner < num_members(); ++owner) {
      std::copy_n(each.source + owner * slice, slice, whole.data() + owner * shard);
    }
    reduced_.push_back(
        {whole.data(), shard * num_members(), each.type == DataType::kFloat64, baton::Combine::kOrderToShards});
  }
  BATON_RETURN_IF_ERROR(Arrive(*sums_, reduced_));
  for (int member = 0; member < here().count; ++member) {
    std::copy_n(wholes_[member].data() + (here().first + member) * shard, slice, buffers()[member].target);
  }
  return absl::OkStatus();
}

absl::Status GlooMemberMeeting::Max() {
  const Buffer& first = buffers()[0];
  const Bytes bytes = first.count * SizeOf(first.type);
  MakeRoom(bytes);
  for (int member = 0; member < here().count; ++member) {
    std::copy_n(buffers()[member].source, bytes, PlaceOf(here().first + member));
  }
  BATON_RETURN_IF_ERROR(ExchangeGathered());
  for (int member = 1; member < num_members(); ++member) {
    if (first.type == DataType::kFloat64) {
      TakeLarger<double>(PlaceOf(member), first.count, PlaceOf(0));
    } else {
      TakeLarger<float>(PlaceOf(member), first.count, PlaceOf(0));
    }
  }
  for (const Buffer& each : buffers()) std::copy_n(PlaceOf(0), bytes, each.target);
  return absl::OkStatus();
}

absl::Status GlooMemberMeeting::Gather() {
  const Bytes bytes = buffers()[0].count * SizeOf(buffers()[0].type);
  MakeRoom(bytes);
  for (int member = 0; member < here().count; ++member) {
    std::copy_n(buffers()[member].source, bytes, PlaceOf(here().first + member));
  }
  BATON_RETURN_IF_ERROR(ExchangeGathered());
  for (const Buffer& each : buffers()) {
    for (int member = 0; member < num_members(); ++member) {
      std::copy_n(PlaceOf(member), bytes, each.target + member * bytes);
    }
  }
  return absl::OkStatus();
}

void GlooMemberMeeting::MakeRoom(Bytes bytes) {
  member_bytes_ = bytes;
  process_bytes_ = AlignUp(bytes * here().count);
  const auto needed = static_cast<size_t>(process_bytes_ * num_processes_);
  if (gathered_.size() < needed) gathered_.resize(needed);
}

std::byte* GlooMemberMeeting::PlaceOf(int member) {
  return gathered_.data() + member / here().count * process_bytes_ + member % here().count * member_bytes_;
}

absl::Status GlooMemberMeeting::ExchangeGathered() {
  reduced_.assign(1, {gathered_.data(), process_bytes_ * num_processes_, /*is_double=*/false, baton::Combine::kShards});
  return Arrive(*gathers_, reduced_);
}

absl::Status GlooMemberMeeting::Arrive(Collective& collective, absl::Span<const ReduceBuffer> buffers) {
  done_.Reset();
  BATON_RETURN_IF_ERROR(collective.Arrive(stream_, rank_, buffers, done_, /*started=*/nullptr));
  if (doorbell_.Await(done_.done_at(), /*spin_ns=*/0)) return absl::OkStatus();
  return absl::CancelledError("another member of the tensor-parallel group has failed");
}

}  // namespace baton
