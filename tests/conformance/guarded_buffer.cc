// Writes and checks the guards, the poison and the frozen contents of a buffer.
#include "tests/conformance/guarded_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

constexpr Bytes kGuardBytes = 4 * kBufferAlignment;
constexpr std::byte kGuard{0xa5};

}  // namespace

GuardedBuffer::GuardedBuffer(const BackendUnderTest& under_test, std::string name, Bytes bytes, int shift)
    : under_test_(under_test), name_(std::move(name)), bytes_(bytes) {
  const Bytes before = kGuardBytes + shift * kBufferAlignment;
  allocated_bytes_ = AlignUp(before + bytes + kGuardBytes);
  allocation_ = under_test.allocate(allocated_bytes_);
  data_ = allocation_ + before;
  std::fill(allocation_, allocation_ + allocated_bytes_, kGuard);
  Poison();
}

GuardedBuffer::~GuardedBuffer() { under_test_.release(allocation_); }

void GuardedBuffer::Poison() { std::fill(data_, data_ + bytes_, std::byte{0xff}); }

void GuardedBuffer::WriteFloats(DataType type, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    if (type == DataType::kFloat64) {
      reinterpret_cast<double*>(data_)[i] = values[i];
    } else if (type == DataType::kBFloat16) {
      reinterpret_cast<uint16_t*>(data_)[i] = ToBFloat16Bits(static_cast<float>(values[i]));
    } else {
      reinterpret_cast<float*>(data_)[i] = static_cast<float>(values[i]);
    }
  }
}

void GuardedBuffer::WriteIds(const std::vector<int32_t>& ids) {
  std::memcpy(data_, ids.data(), ids.size() * sizeof(int32_t));
}

std::vector<double> GuardedBuffer::ReadFloats(DataType type) const {
  std::vector<double> values(bytes_ / SizeOf(type));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = type == DataType::kFloat64    ? reinterpret_cast<const double*>(data_)[i]
                : type == DataType::kBFloat16 ? FromBFloat16Bits(reinterpret_cast<const uint16_t*>(data_)[i])
                                              : reinterpret_cast<const float*>(data_)[i];
  }
  return values;
}

void GuardedBuffer::Freeze() { frozen_.assign(data_, data_ + bytes_); }

absl::Status GuardedBuffer::CheckUnchanged() const {
  if (std::equal(frozen_.begin(), frozen_.end(), data_, data_ + bytes_)) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(name_, " was changed by a call that may only read it"));
}

absl::Status GuardedBuffer::CheckGuards() const {
  const auto intact = [](const std::byte* begin, const std::byte* end) {
    return std::all_of(begin, end, [](std::byte byte) { return byte == kGuard; });
  };
  if (!intact(allocation_, data_)) return absl::InternalError(absl::StrCat("a byte before ", name_, " was written"));
  if (!intact(data_ + bytes_, allocation_ + allocated_bytes_)) {
    return absl::InternalError(absl::StrCat("a byte after ", name_, " was written"));
  }
  return absl::OkStatus();
}

}  // namespace baton
