// A barrier before the members combine their buffers, and one behind.
#include "runtime/train/member_meeting.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace baton {
namespace {

// Shares begin at multiples of this many elements, so that no two members write one cache line.
constexpr int64_t kShareAlignment = 16;

}  // namespace

class MemberMeeting::Side final : public MemberGroup {
 public:
  Side(MemberMeeting* meeting, int member) : meeting_(meeting), member_(member) {}

  int num_members() const override { return static_cast<int>(meeting_->sides_.size()); }
  absl::Status Sum(KernelStream stream, DataType type, int64_t count, std::byte* values) override {
    return meeting_->Meet(member_, {Combine::kSum, type, count, values, values});
  }
  absl::Status Max(KernelStream stream, DataType type, int64_t count, std::byte* values) override {
    return meeting_->Meet(member_, {Combine::kMax, type, count, values, values});
  }
  absl::Status Gather(KernelStream stream, DataType type, int64_t count, const std::byte* slice,
                      std::byte* whole) override {
    return meeting_->Meet(member_, {Combine::kGather, type, count, slice, whole});
  }
  absl::Status SumScatter(KernelStream stream, DataType type, int64_t count, const std::byte* whole,
                          std::byte* slice) override {
    return meeting_->Meet(member_, {Combine::kSumScatter, type, count, whole, slice});
  }

 private:
  MemberMeeting* const meeting_;
  const int member_;
};

MemberMeeting::MemberMeeting(int num_members) : buffers_(num_members) {
  for (int member = 0; member < num_members; ++member) sides_.push_back(std::make_unique<Side>(this, member));
}

MemberMeeting::~MemberMeeting() = default;

MemberGroup& MemberMeeting::group(int member) { return *sides_[member]; }

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

absl::Status MemberMeeting::Meet(int member, const Buffer& buffer) {
  buffers_[member] = buffer;
  BATON_RETURN_IF_ERROR(WaitForAll());
  const absl::Status status = CheckBuffers();  // the same on every member
  if (status.ok() && buffer.combine == Combine::kGather) {
    GatherSlices(member);
  } else if (status.ok() && buffer.combine == Combine::kSumScatter) {
    SumSlice(member);
  } else if (status.ok()) {
    CombineShare(member);
  }
  BATON_RETURN_IF_ERROR(WaitForAll());
  return status;
}

absl::Status MemberMeeting::WaitForAll() {
  MutexLock lock(&mutex_);
  if (!cancelled_ && ++num_waiting_ == static_cast<int>(sides_.size())) {
    num_waiting_ = 0;
    ++num_meetings_;
    all_here_.SignalAll();
    return absl::OkStatus();
  }
  const uint64_t meeting = num_meetings_;
  while (!cancelled_ && num_meetings_ == meeting) all_here_.Wait(&mutex_);
  if (num_meetings_ != meeting) return absl::OkStatus();
  return absl::CancelledError("another member of the tensor-parallel group has failed");
}

absl::Status MemberMeeting::CheckBuffers() const {
  const Buffer& first = buffers_.front();
  for (size_t member = 1; member < buffers_.size(); ++member) {
    const Buffer& other = buffers_[member];
    if (other.combine == first.combine && other.type == first.type && other.count == first.count) continue;
    return absl::InternalError(absl::StrCat("member ", member, " of a tensor-parallel group brings ", other.count,
                                            " values to an exchange of another kind or type, or of ", first.count));
  }
  if (first.type == DataType::kFloat32 || first.type == DataType::kFloat64) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("sum over members: ", Shape(first.type, {first.count}).ToString(), " is neither f32 nor f64"));
}

void MemberMeeting::CombineShare(int member) const {
  const Buffer& own = buffers_[member];
  const int64_t num_members = static_cast<int64_t>(buffers_.size());
  const int64_t share = (own.count / num_members / kShareAlignment + 1) * kShareAlignment;
  const int64_t begin = std::min(own.count, member * share);
  const int64_t end = std::min(own.count, begin + share);
  const auto combine = [&](auto type) {
    using T = decltype(type);
    for (int64_t i = begin; i < end; ++i) {
      T result = reinterpret_cast<const T*>(buffers_.front().source)[i];
      for (int64_t other = 1; other < num_members; ++other) {
        const T value = reinterpret_cast<const T*>(buffers_[other].source)[i];
        if (own.combine == Combine::kSum) {
          result += value;
        } else if (!(value <= result) && !std::isnan(result)) {
          result = value;  // a value that is no number stays, on whichever member it is
        }
      }
      for (const Buffer& buffer : buffers_) reinterpret_cast<T*>(buffer.target)[i] = result;
    }
  };
  if (own.type == DataType::kFloat64) {
    combine(double{});
  } else {
    combine(float{});
  }
}

void MemberMeeting::GatherSlices(int member) const {
  const Buffer& own = buffers_[member];
  const Bytes bytes = own.count * SizeOf(own.type);
  for (size_t other = 0; other < buffers_.size(); ++other) {
    std::memcpy(own.target + static_cast<Bytes>(other) * bytes, buffers_[other].source, bytes);
  }
}

void MemberMeeting::SumSlice(int member) const {
  const Buffer& own = buffers_[member];
  const auto sum = [&](auto type) {
    using T = decltype(type);
    T* const slice = reinterpret_cast<T*>(own.target);
    const auto part_of = [&](const Buffer& buffer) {
      return reinterpret_cast<const T*>(buffer.source) + member * own.count;
    };
    std::copy_n(part_of(buffers_.front()), own.count, slice);
    for (size_t other = 1; other < buffers_.size(); ++other) {
      const T* const part = part_of(buffers_[other]);
      for (int64_t i = 0; i < own.count; ++i) slice[i] += part[i];
    }
  };
  if (own.type == DataType::kFloat64) {
    sum(double{});
  } else {
    sum(float{});
  }
}

}  // namespace baton
