// What the attention kernels share: square tiles of queries × keys, worked on by 16 × 16 threads.
//
//             keys ─▶          a thread has kMicro rows, next to each other, and kMicro columns, 16 apart:
//   queries   ▓                16 threads with the same `y`, half a warp, have whole rows between them.
//      │      ▓▓               ▓ the tiles that are worked on; of those on the diagonal, half is masked
//      ▼      ▓▓▓
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_TILE_CUH_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_TILE_CUH_

#include <cmath>

#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/attention.h"
#include "ops/cuda/launch.h"

namespace baton {

inline constexpr int kAttentionThreads = 256;

// kTile: queries and keys of a tile. kWidth: channels of a head, filled up with zeros.
template <int kTile_, int kWidth_>
struct AttentionTile {
  static constexpr int kTile = kTile_;
  static constexpr int kWidth = kWidth_;
  static constexpr int kMicro = kTile / 16;
  static constexpr int kChannels = kWidth / 16;  // of a row of gradients or outputs that a thread sums
  // One more than needed, so that threads that read down a column meet different banks.
  static constexpr int kRowStride = kWidth + 1;
  static constexpr int kScoreStride = kTile + 1;
  static constexpr int kRows = kTile * kRowStride;      // floats of a tile of queries, keys, values or their gradients
  static constexpr int kScores = kTile * kScoreStride;  // floats of a tile of scores
};

// Where a block is: its sequence and head, and which tile it owns. The tiles with the most work come first.
struct AttentionPlace {
  int64_t sequence;
  int64_t head;
  int64_t tile;
};

__device__ inline AttentionPlace FindPlace(const AttentionShape& shape, int64_t tiles, bool last_first) {
  const int64_t pair = blockIdx.x % (shape.sequences * shape.heads);
  const int64_t turn = blockIdx.x / (shape.sequences * shape.heads);
  return {pair / shape.heads, pair % shape.heads, last_first ? tiles - 1 - turn : turn};
}

// rows: [kTile, kRowStride] shared ← kTile rows from `first` on of a head's matrix, whose rows are `stride` apart in
// memory; zeros beyond the context and the head's width.
template <typename Tile, typename T>
__device__ void LoadRows(const AttentionShape& shape, const T* head, int64_t stride, int64_t first, float* rows) {
  for (int i = threadIdx.x; i < Tile::kTile * Tile::kWidth; i += kAttentionThreads) {
    const int row = i / Tile::kWidth;
    const int channel = i % Tile::kWidth;
    const bool inside = first + row < shape.context && channel < shape.head_width;
    rows[row * Tile::kRowStride + channel] = inside ? ToFloat(head[(first + row) * stride + channel]) : 0.0f;
  }
}

// products[i][j] ← a[own row i] · b[own column j]; both [kTile, kRowStride] shared.
template <typename Tile>
__device__ void MultiplyRows(const float* a, const float* b, float (&products)[Tile::kMicro][Tile::kMicro]) {
  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
  for (int i = 0; i < Tile::kMicro; ++i) {
    for (int j = 0; j < Tile::kMicro; ++j) products[i][j] = 0.0f;
  }
#pragma unroll 4
  for (int channel = 0; channel < Tile::kWidth; ++channel) {
    float left[Tile::kMicro];
    float right[Tile::kMicro];
#pragma unroll
    for (int i = 0; i < Tile::kMicro; ++i) left[i] = a[(y * Tile::kMicro + i) * Tile::kRowStride + channel];
#pragma unroll
    for (int j = 0; j < Tile::kMicro; ++j) right[j] = b[(x + 16 * j) * Tile::kRowStride + channel];
#pragma unroll
    for (int i = 0; i < Tile::kMicro; ++i) {
#pragma unroll
      for (int j = 0; j < Tile::kMicro; ++j) products[i][j] += left[i] * right[j];
    }
  }
}

// sums[i][c] += weights[own row i] · rows[·, own channel c]; weights: [kTile, kScoreStride], rows:
// [kTile, kRowStride], shared.
template <typename Tile>
__device__ void AddWeightedRows(const float* weights, const float* rows, float (&sums)[Tile::kMicro][Tile::kChannels]) {
  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
#pragma unroll 4
  for (int k = 0; k < Tile::kTile; ++k) {
    float weight[Tile::kMicro];
#pragma unroll
    for (int i = 0; i < Tile::kMicro; ++i) weight[i] = weights[(y * Tile::kMicro + i) * Tile::kScoreStride + k];
#pragma unroll
    for (int c = 0; c < Tile::kChannels; ++c) {
      const float value = rows[k * Tile::kRowStride + x + 16 * c];
#pragma unroll
      for (int i = 0; i < Tile::kMicro; ++i) sums[i][c] += weight[i] * value;
    }
  }
}

// scores: [kTile, kScoreStride] shared ← own elements; visible to the half-warp that has the same rows.
template <typename Tile>
__device__ void ShareScores(const float (&own)[Tile::kMicro][Tile::kMicro], float* scores) {
  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
  for (int i = 0; i < Tile::kMicro; ++i) {
    for (int j = 0; j < Tile::kMicro; ++j) scores[(y * Tile::kMicro + i) * Tile::kScoreStride + x + 16 * j] = own[i][j];
  }
}

// Writes own rows, times `scale`, of a head's matrix.
template <typename Tile, typename T>
__device__ void StoreRows(const AttentionShape& shape, const float (&sums)[Tile::kMicro][Tile::kChannels],
                          const float (&scale)[Tile::kMicro], int64_t stride, int64_t first, T* head) {
  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
  for (int i = 0; i < Tile::kMicro; ++i) {
    const int64_t row = first + y * Tile::kMicro + i;
    if (row >= shape.context) continue;
    for (int c = 0; c < Tile::kChannels; ++c) {
      const int channel = x + 16 * c;
      if (channel < shape.head_width) head[row * stride + channel] = FromFloat<T>(sums[i][c] * scale[i]);
    }
  }
}

// Calls `function` with an element of the type and the tile for the head's width: as large as registers and 163 KiB of
// shared memory allow.
template <typename Function>
absl::Status ForAttentionTile(const AttentionShape& shape, Function function) {
  return ForElementType(shape.type, [&](auto element) {
    if (shape.head_width <= 32) return function(element, AttentionTile<64, 32>{});
    if (shape.head_width <= 64) return function(element, AttentionTile<64, 64>{});
    if (shape.head_width <= 128) return function(element, AttentionTile<32, 128>{});
    if (shape.head_width <= kMaxHeadWidth) return function(element, AttentionTile<32, 256>{});
    return absl::Status(absl::InternalError("heads are wider than the kernels take"));
  });
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_TILE_CUH_
