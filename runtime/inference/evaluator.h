// The loss of a trained model on given data, outside of training. Used by `baton evaluate`.
//
//   BATON_ASSIGN_OR_RETURN(const ModelScore score, EvaluateModel(job, EvaluatedData::kHeldOut));
#ifndef BATON_RUNTIME_INFERENCE_EVALUATOR_H_
#define BATON_RUNTIME_INFERENCE_EVALUATOR_H_

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "proto/job.pb.h"

namespace baton {

struct ModelScore {
  double loss = 0;                 // mean over all rows that count, in nats
  std::optional<double> accuracy;  // of classifiers: the fraction of examples whose largest logit is the label's
  int64_t sequences = 0;           // or examples, each once
  int64_t available = 0;           // of which these are the first ones; see run.evaluate_at_most
  int64_t tokens = 0;              // of a sequence; 0 for models of features
};

// kAll: every sequence of the data once, whatever data.held_out says.
enum class EvaluatedData : int8_t { kHeldOut, kAll };

// `job`: resolved; run.initial_weights has the parameters; its batch and schedule are those that evaluate, and do not
// change the score but for rounding. Errors: InvalidArgument if nothing is held out; those of data, devices and
// ForwardSession.
absl::StatusOr<ModelScore> EvaluateModel(const proto::Job& job, EvaluatedData data);

}  // namespace baton

#endif  // BATON_RUNTIME_INFERENCE_EVALUATOR_H_
