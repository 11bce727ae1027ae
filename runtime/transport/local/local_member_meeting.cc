// Plain loops over the members' buffers.
#include "runtime/transport/local/local_member_meeting.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace baton {

absl::Status LocalMemberMeeting::CombineShare(int member, KernelStream stream) {
  const Buffer& own = buffers()[member];
  if (own.type != DataType::kFloat32 && own.type != DataType::kFloat64) {
    return absl::InvalidArgumentError(
        absl::StrCat("sum over members: ", Shape(own.type, {own.count}).ToString(), " is neither f32 nor f64"));
  }
  switch (own.combine) {
    case Combine::kGather:
      GatherSlices(member);
      break;
    case Combine::kSumScatter:
      SumSlice(member);
      break;
    case Combine::kSum:
    case Combine::kMax:
      CombineElements(member);
      break;
  }
  return absl::OkStatus();
}

void LocalMemberMeeting::CombineElements(int member) const {
  const Buffer& own = buffers()[member];
  const ElementRange share = ShareOf(member);
  const auto combine = [&](auto type) {
    using T = decltype(type);
    for (int64_t i = share.begin; i < share.end; ++i) {
      T result = reinterpret_cast<const T*>(buffers().front().source)[i];
      for (size_t other = 1; other < buffers().size(); ++other) {
        const T value = reinterpret_cast<const T*>(buffers()[other].source)[i];
        if (own.combine == Combine::kSum) {
          result += value;
        } else if (!(value <= result) && !std::isnan(result)) {
          result = value;  // a value that is no number stays, on whichever member it is
        }
      }
      for (const Buffer& buffer : buffers()) reinterpret_cast<T*>(buffer.target)[i] = result;
    }
  };
  if (own.type == DataType::kFloat64) {
    combine(double{});
  } else {
    combine(float{});
  }
}

void LocalMemberMeeting::GatherSlices(int member) const {
  const Buffer& own = buffers()[member];
  const Bytes bytes = own.count * SizeOf(own.type);
  for (size_t other = 0; other < buffers().size(); ++other) {
    std::memcpy(own.target + static_cast<Bytes>(other) * bytes, buffers()[other].source, bytes);
  }
}

void LocalMemberMeeting::SumSlice(int member) const {
  const Buffer& own = buffers()[member];
  const auto sum = [&](auto type) {
    using T = decltype(type);
    T* const slice = reinterpret_cast<T*>(own.target);
    const auto part_of = [&](const Buffer& buffer) {
      return reinterpret_cast<const T*>(buffer.source) + member * own.count;
    };
    std::copy_n(part_of(buffers().front()), own.count, slice);
    for (size_t other = 1; other < buffers().size(); ++other) {
      const T* const part = part_of(buffers()[other]);
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
