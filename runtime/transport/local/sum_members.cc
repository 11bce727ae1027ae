// Adding in blocks.
#include "runtime/transport/local/sum_members.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

// In blocks that stay in the first cache.
template <typename Element>
void AddElements(absl::Span<const ReduceBuffer> members) {
  constexpr int64_t kBlock = 1024;
  Element sums[kBlock];
  const int64_t num_elements = members[0].bytes / static_cast<Bytes>(sizeof(Element));
  for (int64_t begin = 0; begin < num_elements; begin += kBlock) {
    const int64_t count = std::min(kBlock, num_elements - begin);
    const auto* first = reinterpret_cast<const Element*>(members[0].data) + begin;
    std::copy(first, first + count, sums);
    for (const ReduceBuffer& member : members.subspan(1)) {
      const auto* values = reinterpret_cast<const Element*>(member.data) + begin;
      for (int64_t i = 0; i < count; ++i) sums[i] += values[i];
    }
    for (const ReduceBuffer& member : members) {
      std::copy(sums, sums + count, reinterpret_cast<Element*>(member.data) + begin);
    }
  }
}

}  // namespace

absl::Status CheckMembers(absl::Span<const ReduceBuffer> members) {
  const ReduceBuffer& first = members[0];
  for (const ReduceBuffer& member : members) {
    if (member.bytes != first.bytes || member.is_double != first.is_double) {
      return absl::InternalError(absl::StrCat("a sum of ", first.bytes, " bytes of ", first.is_double ? "f64" : "f32",
                                              " got ", member.bytes, " bytes of ", member.is_double ? "f64" : "f32"));
    }
  }
  const Bytes element_bytes = first.is_double ? sizeof(double) : sizeof(float);
  if (first.bytes % element_bytes != 0) {
    return absl::InternalError(
        absl::StrCat("a sum of ", first.bytes, " bytes, not a multiple of its element's ", element_bytes));
  }
  return absl::OkStatus();
}

void SumMembers(absl::Span<const ReduceBuffer> members) {
  if (members[0].is_double) {
    AddElements<double>(members);
  } else {
    AddElements<float>(members);
  }
}

}  // namespace baton
