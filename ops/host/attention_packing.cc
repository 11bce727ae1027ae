// Loops that read and write each element once. In the usual case, a head's width is a number of whole vectors.
#include "ops/host/attention_packing.h"

#include <algorithm>
#include <cstring>

#include "ops/host/simd.h"

namespace baton {
namespace {

constexpr int64_t kLanes = 16;

// to ← factor · from for `width` elements.
BATON_ALWAYS_INLINE void ScaleRow(int64_t width, float factor, const float* __restrict from, float* __restrict to) {
  int64_t c = 0;
  for (; c + kLanes <= width; c += kLanes) {
#pragma omp simd
    for (int64_t lane = 0; lane < kLanes; ++lane) to[c + lane] = factor * from[c + lane];
  }
  for (; c < width; ++c) to[c] = factor * from[c];
}

// Rows stand too far apart for the processor to fetch the next ones by itself.
constexpr int64_t kRowsAhead = 12;

// writes: 0 if the row will be read, 1 if it will be written.
template <int writes>
BATON_ALWAYS_INLINE void Prefetch(int64_t width, const float* row) {
#ifdef __GNUC__
  for (int64_t c = 0; c < width; c += kLanes) __builtin_prefetch(row + c, writes);
#endif
}

#ifdef __GNUC__
typedef float Four __attribute__((vector_size(16)));

BATON_ALWAYS_INLINE Four LoadFour(const float* from) {
  Four four;
  std::memcpy(&four, from, sizeof(four));
  return four;
}

// to[column][row] ← from[row][column] for four rows and columns.
BATON_ALWAYS_INLINE void TransposeFour(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  const Four a = LoadFour(from), b = LoadFour(from + from_stride);
  const Four c = LoadFour(from + 2 * from_stride), d = LoadFour(from + 3 * from_stride);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5), ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5), cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four columns[4] = {
      __builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5), __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
      __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5), __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (int column = 0; column < 4; ++column) std::memcpy(to + column * to_stride, &columns[column], sizeof(Four));
}
#endif

// panel[channel][key] ← rows[key][channel] for `keys` rows.
void TransposeRows(int64_t keys, int64_t width, int64_t stride, const float* rows, float* panel) {
  int64_t key = 0;
#ifdef __GNUC__
  for (; width % 4 == 0 && key + 4 <= keys; key += 4) {
    for (int64_t ahead = key + kRowsAhead; ahead < std::min(key + kRowsAhead + 4, keys); ++ahead) {
      Prefetch<0>(width, rows + ahead * stride);
    }
    for (int64_t c = 0; c < width; c += 4) {
      TransposeFour(rows + key * stride + c, stride, panel + c * kKeysPerPanel + key, kKeysPerPanel);
    }
  }
#endif
  for (; key < keys; ++key) {
    for (int64_t c = 0; c < width; ++c) panel[c * kKeysPerPanel + key] = rows[key * stride + c];
  }
}

}  // namespace

BATON_SIMD_CLONES
void PackRows(int64_t count, int64_t width, int64_t stride, float scale, const float* rows, float* packed) {
  const int64_t packed_width = PackedWidth(width);
  for (int64_t i = 0; i < count; ++i) {
    float* const to = packed + i * packed_width;
    if (i + kRowsAhead < count) Prefetch<0>(width, rows + (i + kRowsAhead) * stride);
    ScaleRow(width, scale, rows + i * stride, to);
    for (int64_t c = width; c < packed_width; ++c) to[c] = 0;
  }
}

void PackPanels(int64_t keys, int64_t width, int64_t stride, const float* rows, float* panels) {
  for (int64_t begin = 0; begin < keys; begin += kKeysPerPanel, panels += width * kKeysPerPanel) {
    const int64_t count = std::min(kKeysPerPanel, keys - begin);
    TransposeRows(count, width, stride, rows + begin * stride, panels);
    if (count == kKeysPerPanel) continue;
    for (int64_t c = 0; c < width; ++c) {
      std::fill(panels + c * kKeysPerPanel + count, panels + (c + 1) * kKeysPerPanel, 0.0f);
    }
  }
}

BATON_SIMD_CLONES
void UnpackRows(int64_t count, int64_t width, int64_t stride, const float* factors, const float* packed, float* rows) {
  for (int64_t i = 0; i < count; ++i) {
    if (i + kRowsAhead < count) Prefetch<1>(width, rows + (i + kRowsAhead) * stride);
    ScaleRow(width, factors == nullptr ? 1.0f : factors[i], packed + i * PackedWidth(width), rows + i * stride);
  }
}

}  // namespace baton
