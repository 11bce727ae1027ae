// The tokens of one sequence as what a stage module loads. Used by generation.
#ifndef BATON_RUNTIME_INFERENCE_TOKEN_WINDOW_H_
#define BATON_RUNTIME_INFERENCE_TOKEN_WINDOW_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "runtime/train/batch_source.h"

namespace baton {

// Thread contract: Set while no worker calls the others; those from any thread.
class TokenWindow final : public BatchSource {
 public:
  // Until Set, a window of `largest` tokens 0.
  explicit TokenWindow(int64_t largest) : tokens_(static_cast<size_t>(largest)) {}

  // From now on Fill gives `tokens`, and zeros up to `size` tokens.
  void Set(absl::Span<const int32_t> tokens, int64_t size) {
    tokens_.assign(tokens.begin(), tokens.end());
    tokens_.resize(static_cast<size_t>(size));
  }

  Bytes BytesOf(DataKind kind) const override { return static_cast<Bytes>(tokens_.size() * sizeof(int32_t)); }
  // Targets are zeros; nothing reads them.
  void Fill(DataKind kind, int micro_batch, std::byte* slot) const override {
    auto* const ids = reinterpret_cast<int32_t*>(slot);
    if (kind == DataKind::kInputs) {
      std::copy(tokens_.begin(), tokens_.end(), ids);
    } else {
      std::fill_n(ids, tokens_.size(), 0);
    }
  }

 private:
  std::vector<int32_t> tokens_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_TOKEN_WINDOW_H_
