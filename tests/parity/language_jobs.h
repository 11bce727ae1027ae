// The language models of tests/data/models/causal, and the job that transformers' numbers belong to.
#ifndef BATON_TESTS_PARITY_LANGUAGE_JOBS_H_
#define BATON_TESTS_PARITY_LANGUAGE_JOBS_H_

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/jobs.h"

namespace baton {

inline const std::string kModels = "tests/data/models/causal/";
inline const std::vector<std::string> kNames = {"gpt2_hub", "gpt2_gelu", "llama3",        "qwen2",
                                                "qwen3",    "mistral",   "llama_sharded", "llama_bf16"};

// Sequential windows of `tokens`; with the optimizer that the numbers were made with.
inline proto::Job JobOf(const std::string& folder, const std::string& tokens, int context,
                        const std::vector<std::string>& changes) {
  return MakeJob(absl::StrCat(R"(
    model { hugging_face: ")",
                              folder, R"(" }
    data { tokens: ")",
                              tokens, R"(" format: UINT16 order: SEQUENTIAL context: )", context, R"( }
    batch { sequences: 8 micro_batches: 4 }
    optimizer { adamw { learning_rate: 1e-3 weight_decay: 0.1 beta2: 0.95 } clip_norm: 1 }
    run { steps: 20 })"),
                 changes);
}

}  // namespace baton

#endif  // BATON_TESTS_PARITY_LANGUAGE_JOBS_H_
