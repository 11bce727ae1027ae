// A block owns a tile of queries and goes over the tiles of keys up to its own, with a running softmax.
#include "ops/cuda/kernels/attention_tile.cuh"

namespace baton {
namespace {

// Dynamic shared memory: queries, keys, values, probabilities.
template <typename T, typename Tile>
__global__ void __launch_bounds__(kAttentionThreads)
    AttentionKernel(AttentionShape shape, float score_scale, const T* x, T* y, T* y_copy, float* log_sums) {
  constexpr int kMicro = Tile::kMicro;
  BATON_DYNAMIC_SHARED(float, queries);
  float* const keys = queries + Tile::kRows;
  float* const values = keys + Tile::kRows;
  float* const probabilities = values + Tile::kRows;
  const int64_t tiles = (shape.context + Tile::kTile - 1) / Tile::kTile;
  const AttentionPlace place = FindPlace(shape, tiles, /*last_first=*/true);
  const int64_t width = shape.heads * shape.head_width;
  const T* const head = x + place.sequence * shape.context * 3 * width + place.head * shape.head_width;
  const int64_t first_query = place.tile * Tile::kTile;
  const int thread_x = threadIdx.x % 16;
  const int thread_y = threadIdx.x / 16;
  float largest[kMicro];
  float sum[kMicro];
  float output[kMicro][Tile::kChannels] = {};
  for (int i = 0; i < kMicro; ++i) {
    largest[i] = -INFINITY;
    sum[i] = 0.0f;
  }
  LoadRows<Tile>(shape, head, 3 * width, first_query, queries);
  for (int64_t tile = 0; tile <= place.tile; ++tile) {
    __syncthreads();  // all are done with the last tile's keys and values
    LoadRows<Tile>(shape, head + width, 3 * width, tile * Tile::kTile, keys);
    LoadRows<Tile>(shape, head + 2 * width, 3 * width, tile * Tile::kTile, values);
    __syncthreads();
    float scores[kMicro][kMicro];
    MultiplyRows<Tile>(queries, keys, scores);
    for (int i = 0; i < kMicro; ++i) {
      const int64_t query = first_query + thread_y * kMicro + i;
      float now_largest = largest[i];
      for (int j = 0; j < kMicro; ++j) {
        // A key beyond the context is after all queries that are.
        const int64_t key = tile * Tile::kTile + thread_x + 16 * j;
        scores[i][j] = key <= query ? scores[i][j] * score_scale : -INFINITY;
        now_largest = fmaxf(now_largest, scores[i][j]);
      }
      for (int distance = 8; distance > 0; distance /= 2) {
        now_largest = fmaxf(now_largest, __shfl_xor_sync(kWholeWarp, now_largest, distance));
      }
      float now_sum = 0.0f;
      for (int j = 0; j < kMicro; ++j) {
        scores[i][j] = expf(scores[i][j] - now_largest);
        now_sum += scores[i][j];
      }
      for (int distance = 8; distance > 0; distance /= 2) {
        now_sum += __shfl_xor_sync(kWholeWarp, now_sum, distance);
      }
      // The first tile has a key for every query, so that largest is finite from then on.
      const float rescale = expf(largest[i] - now_largest);
      sum[i] = sum[i] * rescale + now_sum;
      largest[i] = now_largest;
      for (int c = 0; c < Tile::kChannels; ++c) output[i][c] *= rescale;
    }
    __syncwarp();  // all are done with the last tile's probabilities
    ShareScores<Tile>(scores, probabilities);
    __syncwarp();
    AddWeightedRows<Tile>(probabilities, values, output);
  }
  float inverse_sum[kMicro];
  for (int i = 0; i < kMicro; ++i) {
    inverse_sum[i] = 1.0f / sum[i];
    const int64_t query = first_query + thread_y * kMicro + i;
    if (thread_x == 0 && query < shape.context) {
      log_sums[(place.sequence * shape.heads + place.head) * shape.context + query] = largest[i] + logf(sum[i]);
    }
  }
  const int64_t offset = place.sequence * shape.context * width + place.head * shape.head_width;
  StoreRows<Tile>(shape, output, inverse_sum, width, first_query, y + offset);
  if (y_copy != nullptr) StoreRows<Tile>(shape, output, inverse_sum, width, first_query, y_copy + offset);
}

}  // namespace

absl::Status LaunchAttention(KernelStream stream, const AttentionShape& shape, const void* x, void* y, void* y_copy,
                             float* log_sums) {
  return ForAttentionTile(shape, [&](auto element, auto tile) {
    using T = decltype(element);
    using Tile = decltype(tile);
    const Bytes shared_bytes = (3 * Tile::kRows + Tile::kScores) * static_cast<Bytes>(sizeof(float));
    const unsigned int blocks =
        NumBlocks(shape.context, Tile::kTile) * static_cast<unsigned int>(shape.sequences * shape.heads);
    const float score_scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape.head_width)));
    return Launch(AttentionKernel<T, Tile>, {blocks, kAttentionThreads, shared_bytes}, stream, shape, score_scale,
                  static_cast<const T*>(x), static_cast<T*>(y), static_cast<T*>(y_copy), log_sums);
  });
}

}  // namespace baton
