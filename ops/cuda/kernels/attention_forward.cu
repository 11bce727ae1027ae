// A block owns a tile of queries of one head and goes over the tiles of keys that it sees with a running softmax (Dao
// 2023, algorithm 1).
#include "ops/cuda/kernels/attention_tile.cuh"
#include "ops/cuda/kernels/probability_dropout.cuh"

namespace baton {
namespace {

// Running softmax of a thread's rows. 16 threads share a row and have the same values.
template <typename Tile>
struct RunningSoftmax {
  float largest[Tile::kMicro];  // of the scores so far
  float sum[Tile::kMicro];      // Σ exp(score − largest) of the scores so far
};

// Takes in one tile of scores: masks keys that their query does not see, replaces scores by exp(score − largest), and
// rescales `output` to the new largest score.
template <typename Tile>
__device__ void IncludeTile(const AttentionShape& shape, int64_t first_query, int64_t first_key, float score_scale,
                            float (&scores)[Tile::kMicro][Tile::kMicro], RunningSoftmax<Tile>* softmax,
                            float (&output)[Tile::kMicro][Tile::kChannels]) {
  const int x = threadIdx.x % 16;
  const int y = threadIdx.x / 16;
  for (int i = 0; i < Tile::kMicro; ++i) {
    const int64_t query = first_query + y * Tile::kMicro + i;
    float largest = softmax->largest[i];
    for (int j = 0; j < Tile::kMicro; ++j) {
      const int64_t key = first_key + x + 16 * j;
      scores[i][j] = shape.Sees(query, key) ? scores[i][j] * score_scale : -INFINITY;
      largest = fmaxf(largest, scores[i][j]);
    }
    for (int distance = 8; distance > 0; distance /= 2) {
      largest = fmaxf(largest, __shfl_xor_sync(kWholeWarp, largest, distance));
    }
    // A query may see no key of the first tiles. Subtracting 0 then, not −∞, makes exp(−∞) = 0 of all its scores.
    const float subtracted = largest == -INFINITY ? 0.0f : largest;
    float sum = 0.0f;
    for (int j = 0; j < Tile::kMicro; ++j) {
      scores[i][j] = expf(scores[i][j] - subtracted);
      sum += scores[i][j];
    }
    for (int distance = 8; distance > 0; distance /= 2) {
      sum += __shfl_xor_sync(kWholeWarp, sum, distance);
    }
    const float rescale = expf(softmax->largest[i] - subtracted);
    softmax->sum[i] = softmax->sum[i] * rescale + sum;
    softmax->largest[i] = largest;
    for (int c = 0; c < Tile::kChannels; ++c) output[i][c] *= rescale;
  }
}

// Arrays: LaunchAttention's. Grid: a block for each tile of queries, head and sequence. Dynamic shared memory: queries,
// keys, values, probabilities.
template <typename T, typename Tile>
__global__ void __launch_bounds__(kAttentionThreads)
    AttentionKernel(AttentionShape shape, ProbabilityDropout dropout, float score_scale, const T* x, T* y, T* y_copy,
                    float* log_sums) {
  constexpr int kMicro = Tile::kMicro;
  BATON_DYNAMIC_SHARED(float, queries);
  float* const keys = queries + Tile::kRows;
  float* const values = keys + Tile::kRows;
  float* const probabilities = values + Tile::kRows;
  int64_t head;
  const AttentionBlock block = ThisBlock<Tile>(shape, shape.heads, /*last_first=*/true, &head);
  const ProbabilityFactors factors = FactorsOf(shape, dropout, block.sequence);
  const T* const head_keys = x + block.KeyOffset(shape, head / shape.HeadsPerKey());
  const int64_t first_query = block.tile * Tile::kTile;
  RunningSoftmax<Tile> softmax;
  float output[kMicro][Tile::kChannels] = {};
  for (int i = 0; i < kMicro; ++i) {
    softmax.largest[i] = -INFINITY;
    softmax.sum[i] = 0.0f;
  }
  LoadRows<Tile>(shape, x + block.QueryOffset(shape, head), shape.RowWidth(), first_query, queries);
  const TileRange seen = SeenTiles<Tile>(shape, block.tile);
  for (int64_t tile = seen.begin; tile < seen.end; ++tile) {
    __syncthreads();  // all threads have read the last tile's keys and values
    LoadRows<Tile>(shape, head_keys, shape.RowWidth(), tile * Tile::kTile, keys);
    LoadRows<Tile>(shape, head_keys + shape.KeyWidth(), shape.RowWidth(), tile * Tile::kTile, values);
    __syncthreads();
    float scores[kMicro][kMicro];
    MultiplyRows<Tile>(queries, keys, scores);
    IncludeTile<Tile>(shape, first_query, tile * Tile::kTile, score_scale, scores, &softmax, output);
    // The sums of the softmax are of all probabilities, the output only of those that stay.
    for (int i = 0; i < kMicro; ++i) {
      for (int j = 0; j < kMicro; ++j) {
        scores[i][j] *= factors.Of(head, first_query + threadIdx.x / 16 * kMicro + i,
                                   tile * Tile::kTile + threadIdx.x % 16 + 16 * j);
      }
    }
    __syncwarp();  // all lanes have read the last tile's probabilities
    ShareScores<Tile>(scores, probabilities);
    __syncwarp();
    AddWeightedRows<Tile>(probabilities, values, output);
  }
  float inverse_sum[kMicro];
  for (int i = 0; i < kMicro; ++i) {
    inverse_sum[i] = 1.0f / softmax.sum[i];
    const int64_t query = first_query + threadIdx.x / 16 * kMicro + i;
    if (threadIdx.x % 16 == 0 && query < shape.context) {
      log_sums[block.RowOffset(shape, head) + query] = softmax.largest[i] + logf(softmax.sum[i]);
    }
  }
  StoreRows<Tile>(shape, output, inverse_sum, shape.Width(), first_query, y + block.OutputOffset(shape, head));
  if (y_copy == nullptr) return;
  StoreRows<Tile>(shape, output, inverse_sum, shape.Width(), first_query, y_copy + block.OutputOffset(shape, head));
}

}  // namespace

absl::Status LaunchAttention(KernelStream stream, const AttentionShape& shape, const ProbabilityDropout& dropout,
                             const void* x, void* y, void* y_copy, float* log_sums) {
  return ForAttentionTile(shape, [&](auto element, auto tile) {
    using T = decltype(element);
    using Tile = decltype(tile);
    const Bytes shared_bytes = (3 * Tile::kRows + Tile::kScores) * static_cast<Bytes>(sizeof(float));
    return Launch(AttentionKernel<T, Tile>,
                  {NumAttentionBlocks<Tile>(shape, shape.heads), kAttentionThreads, shared_bytes}, stream, shape,
                  dropout, ScoreScale(shape), static_cast<const T*>(x), static_cast<T*>(y), static_cast<T*>(y_copy),
                  log_sums);
  });
}

}  // namespace baton
