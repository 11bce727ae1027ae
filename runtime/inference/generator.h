// Generates tokens with a trained language model: each one by a forward pass of the tokens before it through the job's
// pipeline. Used by `baton generate`.
//
//   BATON_ASSIGN_OR_RETURN(const auto generator, Generator::Create(job));
//   std::vector<int32_t> tokens = prompt;
//   for (int i = 0; i < 100; ++i) {
//     BATON_ASSIGN_OR_RETURN(const absl::Span<const float> logits, generator->Logits(tokens));
//     BATON_ASSIGN_OR_RETURN(const int32_t token, ChooseToken(logits, options, tokens.size()));
//     tokens.push_back(token);
//   }
//
// There is no cache of keys and values: a token costs the forward pass of all tokens of the window, padded to the next
// size of kSmallestWindow · 2ⁿ, or to the context. Padding follows the tokens, which do not see it, since attention is
// causal. A size is compiled and proven when it is first needed.
#ifndef BATON_RUNTIME_INFERENCE_GENERATOR_H_
#define BATON_RUNTIME_INFERENCE_GENERATOR_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/layers/spec.h"
#include "proto/job.pb.h"
#include "runtime/inference/forward_session.h"
#include "runtime/inference/token_window.h"

namespace baton {

inline constexpr int64_t kSmallestWindow = 16;

// The padded size of a window with `tokens` tokens, from 1 to `context`.
int64_t PaddedWindow(int64_t tokens, int64_t context);

// Thread contract: one thread at a time.
class Generator {
 public:
  // `job`: resolved; run.initial_weights has the parameters. One sequence passes the job's devices, each of which has
  // one chunk. Errors: InvalidArgument if the model reads no tokens, or if its attention sees later tokens; those of
  // ForwardSession.
  static absl::StatusOr<std::unique_ptr<Generator>> Create(const proto::Job& job);

  int64_t context() const { return context_; }        // the most tokens that the next one can depend on
  int64_t vocabulary() const { return vocabulary_; }  // ids are below it

  // The logits of the token behind `tokens`, [vocabulary]; valid until the next call. Only the last context() tokens
  // count: the window slides. Errors: InvalidArgument for no tokens, or an id that is not in the vocabulary.
  absl::StatusOr<absl::Span<const float>> Logits(absl::Span<const int32_t> tokens);

 private:
  Generator(ModelSpec model, int64_t vocabulary);
  // The model for windows of `size` tokens.
  ModelSpec ModelOf(int64_t size) const;
  // The program for windows of `size` tokens; compiled if it is new.
  absl::StatusOr<ForwardProgram> ProgramOf(int64_t size);

  const ModelSpec model_;  // without loss, for a whole context
  const int64_t context_;
  const int64_t vocabulary_;
  TokenWindow window_;
  proto::Job job_;
  std::unique_ptr<ForwardSession> session_;     // null before the first call of Logits
  std::map<int64_t, ForwardProgram> programs_;  // by size
  std::vector<float> logits_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_GENERATOR_H_
