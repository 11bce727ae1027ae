// A barrier before the members combine their buffers, and one behind.
#include "runtime/transport/member_meeting.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

constexpr int64_t kShareAlignment = 16;

}  // namespace

class MemberMeeting::Side final : public MemberGroup {
 public:
  Side(MemberMeeting* meeting, int member) : meeting_(meeting), member_(member) {}

  int num_members() const override { return meeting_->num_members_; }
  absl::Status Sum(KernelStream stream, DataType type, int64_t count, std::byte* values) override {
    return meeting_->Meet(member_, stream, {Combine::kSum, type, count, values, values});
  }
  absl::Status Max(KernelStream stream, DataType type, int64_t count, std::byte* values) override {
    return meeting_->Meet(member_, stream, {Combine::kMax, type, count, values, values});
  }
  absl::Status Gather(KernelStream stream, DataType type, int64_t count, const std::byte* slice,
                      std::byte* whole) override {
    return meeting_->Meet(member_, stream, {Combine::kGather, type, count, slice, whole});
  }
  absl::Status SumScatter(KernelStream stream, DataType type, int64_t count, const std::byte* whole,
                          std::byte* slice) override {
    return meeting_->Meet(member_, stream, {Combine::kSumScatter, type, count, whole, slice});
  }

 private:
  MemberMeeting* const meeting_;
  const int member_;
};

MemberMeeting::MemberMeeting(int num_members, MembersHere here)
    : num_members_(num_members), here_(here), buffers_(here.count) {
  for (int member = 0; member < here.count; ++member) sides_.push_back(std::make_unique<Side>(this, member));
}

MemberMeeting::~MemberMeeting() = default;

MemberGroup& MemberMeeting::group(int member) { return *sides_[member - here_.first]; }

void MemberMeeting::Cancel() {
  MutexLock lock(&mutex_);
  cancelled_ = true;
  all_here_.SignalAll();
}

void MemberMeeting::Reset() {
  MutexLock lock(&mutex_);
  cancelled_ = false;
  num_waiting_ = 0;
}

absl::Status MemberMeeting::GatherBytes(Bytes bytes, const std::byte* own, std::byte* all) {
  std::copy_n(own, bytes * here_.count, all);
  return absl::OkStatus();
}

absl::Status MemberMeeting::Meet(int member, KernelStream stream, const Buffer& buffer) {
  buffers_[member] = buffer;
  BATON_RETURN_IF_ERROR(Arrive(member, stream));
  BATON_RETURN_IF_ERROR(WaitForAll());
  absl::Status status = CheckBuffers();  // the same on every member
  if (status.ok()) status = CombineShare(member, stream);
  BATON_RETURN_IF_ERROR(WaitForAll());
  BATON_RETURN_IF_ERROR(status);
  return Leave(member, stream);
}

absl::Status MemberMeeting::WaitForAll() {
  uint64_t meeting = 0;
  {
    MutexLock lock(&mutex_);
    meeting = num_meetings_;
    if (!cancelled_ && ++num_waiting_ == static_cast<int>(sides_.size())) {
      num_waiting_ = 0;
      ++num_meetings_;
      all_here_.SignalAll();
      return absl::OkStatus();
    }
  }
  if (turns_ != nullptr) turns_->Give();
  absl::Status status = WaitForLast(meeting);
  if (turns_ != nullptr) turns_->Take();
  return status;
}

absl::Status MemberMeeting::WaitForLast(uint64_t meeting) {
  MutexLock lock(&mutex_);
  while (!cancelled_ && num_meetings_ == meeting) all_here_.Wait(&mutex_);
  if (num_meetings_ != meeting) return absl::OkStatus();
  return absl::CancelledError("another member of the tensor-parallel group has failed");
}

absl::Status MemberMeeting::CheckBuffers() const {
  const Buffer& first = buffers_.front();
  for (size_t member = 1; member < buffers_.size(); ++member) {
    const Buffer& other = buffers_[member];
    if (other.combine == first.combine && other.type == first.type && other.count == first.count) continue;
    return absl::InternalError(absl::StrCat("member ", here_.first + member, " of a tensor-parallel group brings ",
                                            other.count, " values to an exchange of another kind or type, or of ",
                                            first.count));
  }
  return absl::OkStatus();
}

ElementRange MemberMeeting::ShareOf(int member) const {
  const int64_t count = buffers_[member].count;
  const int64_t share = (count / static_cast<int64_t>(buffers_.size()) / kShareAlignment + 1) * kShareAlignment;
  const int64_t begin = std::min(count, member * share);
  return {begin, std::min(count, begin + share)};
}

}  // namespace baton
