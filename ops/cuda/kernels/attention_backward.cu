// With s = q · k / √d, p = exp(s − log_sum) and D = dy · y (Dao 2023, algorithm 2):
//   dv = Σ queries f p dy,   ds = p (f dy · v − D) / √d,   dq = Σ keys ds k,   dk = Σ queries ds q
// where f is the factor of dropout: 1 without.
// Three kernels: the first computes D; the second dq, a tile of queries a block; the third dk and dv, a tile of keys a
// block, which sums over all heads that share the keys.
#include "ops/cuda/kernels/attention_tile.cuh"
#include "ops/cuda/kernels/probability_dropout.cuh"

namespace baton {
namespace {

constexpr int kWarps = kAttentionThreads / kThreadsPerWarp;

// Computes D. y, dy: [sequences, context, heads, head_width]; dots: shaped as log_sums. Grid: a warp for each row and
// head.
template <typename T>
__global__ void __launch_bounds__(kAttentionThreads)
    OutputDotKernel(AttentionShape shape, const T* y, const T* dy, float* dots) {
  const int lane = threadIdx.x % kThreadsPerWarp;
  const int64_t index = static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kThreadsPerWarp;
  const int64_t row = index / shape.heads;
  const int64_t head = index % shape.heads;
  if (row >= shape.sequences * shape.context) return;
  const int64_t begin = index * shape.head_width;
  float sum = 0.0f;
  for (int64_t c = lane; c < shape.head_width; c += kThreadsPerWarp)
    sum += ToFloat(y[begin + c]) * ToFloat(dy[begin + c]);
  sum = WarpSum(sum);
  if (lane == 0) {
    dots[(row / shape.context * shape.heads + head) * shape.context + row % shape.context] = sum;
  }
}

// exp(scaled_score − log_sum); 0 for a key that the query does not see or a query beyond the context.
__device__ inline float Probability(const AttentionShape& shape, int64_t query, int64_t key, float scaled_score,
                                    const float* log_sums) {
  return query < shape.context && shape.Sees(query, key) ? expf(scaled_score - log_sums[query]) : 0.0f;
}

// Arrays: LaunchAttentionBackward's; all_dots: shaped as log_sums. Grid: a block for each tile of queries, head and
// sequence. Dynamic shared memory: queries, dy, keys, values, gradients of scores.
template <typename T, typename Tile>
__global__ void __launch_bounds__(kAttentionThreads)
    QueryGradientKernel(AttentionShape shape, ProbabilityDropout dropout, float score_scale, const T* x, const T* dy,
                        const float* all_log_sums, const float* all_dots, T* dx) {
  constexpr int kMicro = Tile::kMicro;
  BATON_DYNAMIC_SHARED(float, queries);
  float* const grad_outputs = queries + Tile::kRows;
  float* const keys = grad_outputs + Tile::kRows;
  float* const values = keys + Tile::kRows;
  float* const grad_scores = values + Tile::kRows;
  int64_t head;
  const AttentionBlock block = ThisBlock<Tile>(shape, shape.heads, /*last_first=*/true, &head);
  const ProbabilityFactors factors = FactorsOf(shape, dropout, block.sequence);
  const int64_t offset = block.QueryOffset(shape, head);
  const T* const head_keys = x + block.KeyOffset(shape, head / shape.HeadsPerKey());
  const float* const log_sums = all_log_sums + block.RowOffset(shape, head);
  const float* const dots = all_dots + block.RowOffset(shape, head);
  const int64_t first_query = block.tile * Tile::kTile;
  float gradient[kMicro][Tile::kChannels] = {};
  LoadRows<Tile>(shape, x + offset, shape.RowWidth(), first_query, queries);
  LoadRows<Tile>(shape, dy + block.OutputOffset(shape, head), shape.Width(), first_query, grad_outputs);
  const TileRange seen = SeenTiles<Tile>(shape, block.tile);
  for (int64_t tile = seen.begin; tile < seen.end; ++tile) {
    __syncthreads();  // all threads have read the last tile's keys and values
    LoadRows<Tile>(shape, head_keys, shape.RowWidth(), tile * Tile::kTile, keys);
    LoadRows<Tile>(shape, head_keys + shape.KeyWidth(), shape.RowWidth(), tile * Tile::kTile, values);
    __syncthreads();
    float scores[kMicro][kMicro];
    float grad_probabilities[kMicro][kMicro];
    MultiplyRows<Tile>(queries, keys, scores);
    MultiplyRows<Tile>(grad_outputs, values, grad_probabilities);
    for (int i = 0; i < kMicro; ++i) {
      const int64_t query = first_query + threadIdx.x / 16 * kMicro + i;
      const float dot = query < shape.context ? dots[query] : 0.0f;
      for (int j = 0; j < kMicro; ++j) {
        const int64_t key = tile * Tile::kTile + threadIdx.x % 16 + 16 * j;
        const float p = Probability(shape, query, key, scores[i][j] * score_scale, log_sums);
        scores[i][j] = p * (factors.Of(head, query, key) * grad_probabilities[i][j] - dot) * score_scale;
      }
    }
    __syncwarp();  // all lanes have read the last tile's gradients
    ShareScores<Tile>(scores, grad_scores);
    __syncwarp();
    AddWeightedRows<Tile>(grad_scores, keys, gradient);
  }
  float one[kMicro];
  for (int i = 0; i < kMicro; ++i) one[i] = 1.0f;
  StoreRows<Tile>(shape, gradient, one, shape.RowWidth(), first_query, dx + offset);
}

// As QueryGradientKernel, with keys as rows and queries as columns. Grid: a block for each tile of keys, key head and
// sequence. Dynamic shared memory: keys, values, queries, dy, probabilities, gradients of scores.
template <typename T, typename Tile>
__global__ void __launch_bounds__(kAttentionThreads)
    KeyValueGradientKernel(AttentionShape shape, ProbabilityDropout dropout, float score_scale, const T* x, const T* dy,
                           const float* all_log_sums, const float* all_dots, T* dx) {
  constexpr int kMicro = Tile::kMicro;
  BATON_DYNAMIC_SHARED(float, keys);
  float* const values = keys + Tile::kRows;
  float* const queries = values + Tile::kRows;
  float* const grad_outputs = queries + Tile::kRows;
  float* const probabilities = grad_outputs + Tile::kRows;
  float* const grad_scores = probabilities + Tile::kScores;
  int64_t key_head;
  const AttentionBlock block = ThisBlock<Tile>(shape, shape.key_value_heads, /*last_first=*/false, &key_head);
  const ProbabilityFactors factors = FactorsOf(shape, dropout, block.sequence);
  const int64_t offset = block.KeyOffset(shape, key_head);
  const int64_t first_key = block.tile * Tile::kTile;
  float key_gradient[kMicro][Tile::kChannels] = {};
  float value_gradient[kMicro][Tile::kChannels] = {};
  LoadRows<Tile>(shape, x + offset, shape.RowWidth(), first_key, keys);
  LoadRows<Tile>(shape, x + offset + shape.KeyWidth(), shape.RowWidth(), first_key, values);
  const TileRange seeing = SeeingTiles<Tile>(shape, block.tile);
  const int64_t turns = shape.HeadsPerKey() * (seeing.end - seeing.begin);
  for (int64_t turn = 0; turn < turns; ++turn) {
    const int64_t head = key_head * shape.HeadsPerKey() + turn / (seeing.end - seeing.begin);
    const int64_t tile = seeing.begin + turn % (seeing.end - seeing.begin);
    const float* const log_sums = all_log_sums + block.RowOffset(shape, head);
    const float* const dots = all_dots + block.RowOffset(shape, head);
    __syncthreads();  // all threads have read the last tile's queries and dy
    LoadRows<Tile>(shape, x + block.QueryOffset(shape, head), shape.RowWidth(), tile * Tile::kTile, queries);
    LoadRows<Tile>(shape, dy + block.OutputOffset(shape, head), shape.Width(), tile * Tile::kTile, grad_outputs);
    __syncthreads();
    float scores[kMicro][kMicro];
    float grad_probabilities[kMicro][kMicro];
    MultiplyRows<Tile>(keys, queries, scores);
    MultiplyRows<Tile>(values, grad_outputs, grad_probabilities);
    for (int j = 0; j < kMicro; ++j) {
      const int64_t query = tile * Tile::kTile + threadIdx.x % 16 + 16 * j;
      const float dot = query < shape.context ? dots[query] : 0.0f;
      for (int i = 0; i < kMicro; ++i) {
        const int64_t key = first_key + threadIdx.x / 16 * kMicro + i;
        const float p = Probability(shape, query, key, scores[i][j] * score_scale, log_sums);
        const float factor = factors.Of(head, query, key);
        scores[i][j] = p * factor;
        grad_probabilities[i][j] = p * (factor * grad_probabilities[i][j] - dot) * score_scale;
      }
    }
    __syncwarp();  // all lanes have read the last tile's probabilities and gradients
    ShareScores<Tile>(scores, probabilities);
    ShareScores<Tile>(grad_probabilities, grad_scores);
    __syncwarp();
    AddWeightedRows<Tile>(probabilities, grad_outputs, value_gradient);
    AddWeightedRows<Tile>(grad_scores, queries, key_gradient);
  }
  float one[kMicro];
  for (int i = 0; i < kMicro; ++i) one[i] = 1.0f;
  StoreRows<Tile>(shape, key_gradient, one, shape.RowWidth(), first_key, dx + offset);
  StoreRows<Tile>(shape, value_gradient, one, shape.RowWidth(), first_key, dx + offset + shape.KeyWidth());
}

}  // namespace

Bytes AttentionBackwardScratchBytes(const AttentionShape& shape) {
  return AlignUp(shape.sequences * shape.heads * shape.context * static_cast<Bytes>(sizeof(float)));
}

absl::Status LaunchAttentionBackward(KernelStream stream, const AttentionShape& shape,
                                     const ProbabilityDropout& dropout, const void* x, const void* y,
                                     const float* log_sums, const void* dy, void* dx, std::byte* scratch) {
  return ForAttentionTile(shape, [&](auto element, auto tile) {
    using T = decltype(element);
    using Tile = decltype(tile);
    float* const dots = reinterpret_cast<float*>(scratch);
    const T* const typed_x = static_cast<const T*>(x);
    const T* const typed_dy = static_cast<const T*>(dy);
    BATON_RETURN_IF_ERROR(Launch(OutputDotKernel<T>,
                                 {NumBlocks(shape.sequences * shape.context * shape.heads, kWarps), kAttentionThreads},
                                 stream, shape, static_cast<const T*>(y), typed_dy, dots));
    const float score_scale = ScoreScale(shape);
    const Bytes query_bytes = (4 * Tile::kRows + Tile::kScores) * static_cast<Bytes>(sizeof(float));
    BATON_RETURN_IF_ERROR(Launch(QueryGradientKernel<T, Tile>,
                                 {NumAttentionBlocks<Tile>(shape, shape.heads), kAttentionThreads, query_bytes}, stream,
                                 shape, dropout, score_scale, typed_x, typed_dy, log_sums, dots, static_cast<T*>(dx)));
    const Bytes key_bytes = (4 * Tile::kRows + 2 * Tile::kScores) * static_cast<Bytes>(sizeof(float));
    return Launch(KeyValueGradientKernel<T, Tile>,
                  {NumAttentionBlocks<Tile>(shape, shape.key_value_heads), kAttentionThreads, key_bytes}, stream, shape,
                  dropout, score_scale, typed_x, typed_dy, log_sums, dots, static_cast<T*>(dx));
  });
}

}  // namespace baton
