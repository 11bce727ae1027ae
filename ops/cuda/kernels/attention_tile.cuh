// Parts shared by the attention kernels. 16 × 16 threads work on a square tile of queries × keys.
//
//             keys ─▶          Thread (x, y) owns kMicro adjacent rows and kMicro columns, 16 apart. Half a warp, the
//   queries   ▓                16 threads with the same y, owns whole rows.
//      │      ▓▓               ▓ the tiles that are computed if attention is causal; half of each tile on the diagonal
//      ▼      ▓▓▓              is masked. With a window, tiles on the left are not computed either.
#ifndef BATON_OPS_CUDA_KERNELS_ATTENTION_TILE_CUH_
#define BATON_OPS_CUDA_KERNELS_ATTENTION_TILE_CUH_

#include <cmath>

#include "absl/strings/str_cat.h"
#include "ops/cuda/device_code.h"
#include "ops/cuda/kernels/attention.h"
#include "ops/cuda/launch.h"

namespace baton {

inline constexpr int kAttentionThreads = 256;

// kTile: the queries and keys of a tile. kWidth: the channels of a head, padded with zeros.
template <int kTile_, int kWidth_>
struct AttentionTile {
  static constexpr int kTile = kTile_;
  static constexpr int kWidth = kWidth_;
  static constexpr int kMicro = kTile / 16;
  static constexpr int kChannels = kWidth / 16;  // of a row of outputs or gradients that one thread sums
  // One more than the row's length, so that threads that read down a column use different banks.
  static constexpr int kRowStride = kWidth + 1;
  static constexpr int kScoreStride = kTile + 1;
  static constexpr int kRows = kTile * kRowStride;      // floats of a tile of queries, keys, values or their gradients
  static constexpr int kScores = kTile * kScoreStride;  // floats of a tile of scores
};

// The work of one block: a tile of rows of one head of one sequence. Offsets are in elements from the array's begin.
// `head`: of the queries; `key_head`: of the keys and values.
struct AttentionBlock {
  int64_t sequence;
  int64_t tile;

  // A head of the queries in x.
  __device__ int64_t QueryOffset(const AttentionShape& shape, int64_t head) const {
    return sequence * shape.context * shape.RowWidth() + head * shape.head_width;
  }
  // A head of the keys in x; its values are KeyWidth() further on.
  __device__ int64_t KeyOffset(const AttentionShape& shape, int64_t key_head) const {
    return QueryOffset(shape, shape.heads + key_head);
  }
  // A head in y.
  __device__ int64_t OutputOffset(const AttentionShape& shape, int64_t head) const {
    return sequence * shape.context * shape.Width() + head * shape.head_width;
  }
  // A head in log_sums.
  __device__ int64_t RowOffset(const AttentionShape& shape, int64_t head) const {
    return (sequence * shape.heads + head) * shape.context;
  }
};

// Tiles [begin, end).
struct TileRange {
  int64_t begin;
  int64_t end;
};

template <typename Tile>
__host__ __device__ inline int64_t NumTiles(const AttentionShape& shape) {
  return (shape.context + Tile::kTile - 1) / Tile::kTile;
}

// The tiles of keys that a tile of queries sees.
template <typename Tile>
__device__ TileRange SeenTiles(const AttentionShape& shape, int64_t tile) {
  if (!shape.causal) return {0, NumTiles<Tile>(shape)};
  const int64_t first_key = shape.window == 0 ? 0 : tile * Tile::kTile - shape.window + 1;
  return {first_key > 0 ? first_key / Tile::kTile : 0, tile + 1};
}

// The tiles of queries that see a tile of keys.
template <typename Tile>
__device__ TileRange SeeingTiles(const AttentionShape& shape, int64_t tile) {
  const int64_t tiles = NumTiles<Tile>(shape);
  if (!shape.causal) return {0, tiles};
  if (shape.window == 0) return {tile, tiles};
  const int64_t last_query = (tile + 1) * Tile::kTile - 1 + shape.window - 1;
  return {tile, last_query / Tile::kTile < tiles ? last_query / Tile::kTile + 1 : tiles};
}

// The tile of this block, and in *head its head of `heads`. Blocks with the most work start first; `last_first`: those
// with the last tiles.
template <typename Tile>
__device__ AttentionBlock ThisBlock(const AttentionShape& shape, int64_t heads, bool last_first, int64_t* head) {
  const int64_t pair = blockIdx.x % (shape.sequences * heads);
  const int64_t turn = blockIdx.x / (shape.sequences * heads);
  *head = pair % heads;
  return {pair / heads, last_first ? NumTiles<Tile>(shape) - 1 - turn : turn};
}

// rows ← rows [first, first + kTile) of a head's matrix, with zeros beyond the context and the head's width.
// rows: [kTile, kRowStride], shared. `stride`: the distance of the matrix's rows in memory, in elements.
template <typename Tile, typename T>
__device__ void LoadRows(const AttentionShape& shape, const T* head, int64_t stride, int64_t first, float* rows) {
  for (int i = threadIdx.x; i < Tile::kTile * Tile::kWidth; i += kAttentionThreads) {
    const int row = i / Tile::kWidth;
    const int channel = i % Tile::kWidth;
    const bool inside = first + row < shape.context && channel < shape.head_width;
    rows[row * Tile::kRowStride + channel] = inside ? ToFloat(head[(first + row) * stride + channel]) : 0.0f;
  }
}

// products[i][j] ← a[own row i] · b[own column j]. a, b: [kTile, kRowStride], shared.
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

// sums[i][c] += weights[own row i] · rows[·, own channel c]. weights: [kTile, kScoreStride]; rows: [kTile, kRowStride];
// both shared.
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

// scores ← own elements. scores: [kTile, kScoreStride], shared. After __syncwarp, the half-warp that owns the same rows
// may read them.
template <typename Tile>
__device__ void ShareScores(const float (&own)[Tile::kMicro][Tile::kMicro], float* scores) {
  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
  for (int i = 0; i < Tile::kMicro; ++i) {
    for (int j = 0; j < Tile::kMicro; ++j) scores[(y * Tile::kMicro + i) * Tile::kScoreStride + x + 16 * j] = own[i][j];
  }
}

// Writes the own rows of `sums`, row i times scale[i], to a head's matrix whose tile begins at row `first`.
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

// A block for each tile of each of `heads` heads of each sequence.
template <typename Tile>
unsigned int NumAttentionBlocks(const AttentionShape& shape, int64_t heads) {
  return static_cast<unsigned int>(NumTiles<Tile>(shape) * shape.sequences * heads);
}

inline float ScoreScale(const AttentionShape& shape) {
  return static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape.head_width)));
}

// Calls `function` with an element of shape.type and the tile for the head's width, the largest that registers and 163
// KiB of shared memory allow. Errors: Internal for heads wider than kMaxHeadWidth.
template <typename Function>
absl::Status ForAttentionTile(const AttentionShape& shape, Function function) {
  return ForElementType(shape.type, [&](auto element) {
    if (shape.head_width <= 32) return function(element, AttentionTile<64, 32>{});
    if (shape.head_width <= 64) return function(element, AttentionTile<64, 64>{});
    if (shape.head_width <= 128) return function(element, AttentionTile<32, 128>{});
    if (shape.head_width <= kMaxHeadWidth) return function(element, AttentionTile<32, 256>{});
    return absl::Status(absl::InternalError(
        absl::StrCat("attention.head_width: ", shape.head_width, " is above ", kMaxHeadWidth, ", the kernels' limit")));
  });
}

}  // namespace baton

#endif  // BATON_OPS_CUDA_KERNELS_ATTENTION_TILE_CUH_
