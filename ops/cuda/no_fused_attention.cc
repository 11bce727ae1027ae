// FusedAttention for builds without cuDNN's frontend: there is none.
#include "ops/cuda/fused_attention.h"

namespace baton {

std::unique_ptr<FusedAttention> CreateFusedAttention(const AttentionShape& shape, bool deterministic) {
  return nullptr;
}

}  // namespace baton
