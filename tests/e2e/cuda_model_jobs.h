// Small Llama, BERT and ViT jobs on CUDA devices, with the layers that GPT-2 lacks. Used by the tests on the stand-in
// and by those on a GPU.
#ifndef BATON_TESTS_E2E_CUDA_MODEL_JOBS_H_
#define BATON_TESTS_E2E_CUDA_MODEL_JOBS_H_

namespace baton {

// Shared keys, a window, norms of heads, and positions that are stretched as in Llama 3.1.
inline constexpr char kCudaLlama[] = R"(
  model {
    llama {
      layers: 2 width: 16 heads: 4 key_value_heads: 2 feed_forward: 24 context: 8 vocabulary: 256 window: 5
      query_key_norm: true rotary { factor: 8 context: 16 }
    }
    dropout: 0.1
  }
  data { text: "tests/data/handbook.txt" context: 8 held_out: 0.02 }
  batch { sequences: 4 micro_batches: 2 }
  optimizer { adamw { learning_rate: 1e-2 } clip_norm: 1 }
  run { steps: 3 }
  devices { backend: CUDA })";

inline constexpr char kCudaBert[] = R"(
  model { bert { layers: 2 width: 8 heads: 2 context: 8 vocabulary: 256 } dropout: 0.1 attention_dropout: 0.2 }
  data { text: "tests/data/handbook.txt" context: 6 held_out: 0.02 masking { mask_token: 0 } }
  batch { sequences: 4 micro_batches: 2 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 3 }
  devices { backend: CUDA })";

inline constexpr char kCudaVit[] = R"(
  model { vit { layers: 2 width: 8 heads: 2 image { channels: 3 height: 8 } patch: 4 classes: 5 } dropout: 0.1 }
  data { clusters { examples: 48 } held_out: 0.25 }
  batch { sequences: 6 micro_batches: 3 }
  optimizer { adamw { learning_rate: 1e-2 } }
  run { steps: 3 }
  devices { backend: CUDA })";

inline constexpr const char* kCudaModels[] = {kCudaLlama, kCudaBert, kCudaVit};

}  // namespace baton

#endif  // BATON_TESTS_E2E_CUDA_MODEL_JOBS_H_
