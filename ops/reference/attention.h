// Attention (Vaswani et al. 2017, section 3.2.1) as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_ATTENTION_H_
#define BATON_OPS_REFERENCE_ATTENTION_H_

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "ops/layers/attention_dropout.h"
#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double. Saves nothing: the backward pass computes the probabilities again.
template <typename T>
class ReferenceAttention final : public PrimitiveLayer {
 public:
  ReferenceAttention(LayerInfo info, const AttentionSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        spec_(spec),
        head_width_(spec.HeadWidth()),
        dropout_(spec, input_shape()[1]) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    ForEachQuery([&](int64_t sequence, int64_t head, int64_t query) {
      const std::vector<double> probabilities = Probabilities(x, sequence, head, query);
      const std::vector<double> factors = Factors(buffers, sequence, head, query);
      for (int64_t c = 0; c < head_width_; ++c) {
        double sum = 0;
        for (int64_t key = FirstKey(query); key < EndKey(query); ++key) {
          sum += factors[key] * probabilities[key] * x[At(sequence, key, kValue, head) + c];
        }
        y[(sequence * context() + query) * spec_.width + head * head_width_ + c] = static_cast<T>(sum);
      }
    });
    return absl::OkStatus();
  }

  // With p = softmax(s), s = q·k/√d, y = Σ f p v and factors f of dropout: dv += f p dy, dp = f dy·v,
  // ds = p (dp − Σ p dp), dq = Σ ds k/√d, dk += ds q/√d.
  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    std::vector<double> dx(input_shape().NumElements(), 0.0);
    ForEachQuery([&](int64_t sequence, int64_t head, int64_t query) {
      const std::vector<double> probabilities = Probabilities(x, sequence, head, query);
      const std::vector<double> factors = Factors(buffers, sequence, head, query);
      const T* row = dy + (sequence * context() + query) * spec_.width + head * head_width_;
      std::vector<double> grad_probabilities(context(), 0.0);
      double dot = 0;
      for (int64_t key = FirstKey(query); key < EndKey(query); ++key) {
        for (int64_t c = 0; c < head_width_; ++c) {
          grad_probabilities[key] += factors[key] * row[c] * x[At(sequence, key, kValue, head) + c];
          dx[At(sequence, key, kValue, head) + c] += factors[key] * probabilities[key] * row[c];
        }
        dot += probabilities[key] * grad_probabilities[key];
      }
      for (int64_t key = FirstKey(query); key < EndKey(query); ++key) {
        const double grad_score = probabilities[key] * (grad_probabilities[key] - dot) * Scale();
        for (int64_t c = 0; c < head_width_; ++c) {
          dx[At(sequence, query, kQuery, head) + c] += grad_score * x[At(sequence, key, kKey, head) + c];
          dx[At(sequence, key, kKey, head) + c] += grad_score * x[At(sequence, query, kQuery, head) + c];
        }
      }
    });
    T* result = reinterpret_cast<T*>(buffers.grad_input);
    for (size_t i = 0; i < dx.size(); ++i) result[i] = static_cast<T>(dx[i]);
    return absl::OkStatus();
  }

 private:
  enum Part { kQuery = 0, kKey = 1, kValue = 2 };

  int64_t context() const { return input_shape()[1]; }
  double Scale() const { return 1 / std::sqrt(static_cast<double>(head_width_)); }
  // The keys that a query sees: [FirstKey, EndKey).
  int64_t FirstKey(int64_t query) const {
    return spec_.window == 0 ? 0 : std::max<int64_t>(0, query - spec_.window + 1);
  }
  int64_t EndKey(int64_t query) const { return spec_.causal ? query + 1 : context(); }
  // The first channel of a head's query, or of the key or value that it reads.
  int64_t At(int64_t sequence, int64_t position, Part part, int64_t head) const {
    const int64_t begin = (sequence * context() + position) * spec_.RowWidth();
    if (part == kQuery) return begin + head * head_width_;
    const int64_t shared = head / (spec_.heads / spec_.KeyValueHeads());
    return begin + spec_.width + ((part - kKey) * spec_.KeyValueHeads() + shared) * head_width_;
  }

  template <typename Function>
  void ForEachQuery(Function function) const {
    for (int64_t sequence = 0; sequence < input_shape()[0]; ++sequence) {
      for (int64_t head = 0; head < spec_.heads; ++head) {
        for (int64_t query = 0; query < context(); ++query) function(sequence, head, query);
      }
    }
  }

  // [key]
  std::vector<double> Factors(const PassBuffers& buffers, int64_t sequence, int64_t head, int64_t query) const {
    std::vector<double> factors(context(), 1.0);
    if (dropout_.IsOn(buffers)) dropout_.Factors(buffers, sequence, head, query, 0, context(), factors.data());
    return factors;
  }

  std::vector<double> Probabilities(const T* x, int64_t sequence, int64_t head, int64_t query) const {
    std::vector<double> result(context(), 0.0);
    double largest = -INFINITY;
    for (int64_t key = FirstKey(query); key < EndKey(query); ++key) {
      for (int64_t c = 0; c < head_width_; ++c) {
        result[key] += static_cast<double>(x[At(sequence, query, kQuery, head) + c]) *
                       x[At(sequence, key, kKey, head) + c] * Scale();
      }
      largest = std::max(largest, result[key]);
    }
    double sum = 0;
    for (int64_t key = FirstKey(query); key < EndKey(query); ++key) {
      sum += result[key] = std::exp(result[key] - largest);
    }
    for (int64_t key = FirstKey(query); key < EndKey(query); ++key) result[key] /= sum;
    return result;
  }

  const AttentionSpec spec_;
  const int64_t head_width_;
  const AttentionDropout dropout_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ATTENTION_H_
