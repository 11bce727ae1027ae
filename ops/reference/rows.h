// Patches, positions, the first row of a sequence and columns of rows as plain loops. Used only by ReferenceBackend.
#ifndef BATON_OPS_REFERENCE_ROWS_H_
#define BATON_OPS_REFERENCE_ROWS_H_

#include <algorithm>

#include "ops/layers/primitive_layer.h"

namespace baton {

// T: float or double.
template <typename T>
class ReferencePatches final : public PrimitiveLayer {
 public:
  ReferencePatches(const LayerInfo& info, const PatchesSpec& spec)
      : PrimitiveLayer(info, Footprint{}), edge_(spec.edge) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      reinterpret_cast<T*>(buffers.output)[PlaceOf(i)] = reinterpret_cast<const T*>(buffers.input)[i];
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      reinterpret_cast<T*>(buffers.grad_input)[i] = reinterpret_cast<const T*>(buffers.grad_output)[PlaceOf(i)];
    }
    return absl::OkStatus();
  }

 private:
  // The element of the output that is an element of the input.
  int64_t PlaceOf(int64_t element) const {
    const Shape& in = input_shape();
    const int64_t x = element % in[3], y = element / in[3] % in[2];
    const int64_t channel = element / (in[3] * in[2]) % in[1], example = element / (in[3] * in[2] * in[1]);
    const int64_t patch = y / edge_ * (in[3] / edge_) + x / edge_;
    const int64_t feature = (channel * edge_ + y % edge_) * edge_ + x % edge_;
    return (example * output_shape()[1] + patch) * output_shape()[2] + feature;
  }

  const int64_t edge_;
};

// T: float or double.
template <typename T>
class ReferencePositions final : public PrimitiveLayer {
 public:
  ReferencePositions(const LayerInfo& info, const PositionsSpec& spec)
      : PrimitiveLayer(info, Footprint{}), first_(spec.class_token ? 1 : 0) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    ForEachElement([&](int64_t output, int64_t input, int64_t position, int64_t feature) {
      y[output] = (input < 0 ? Value<T>(1)[feature] : x[input]) + Value<T>(0)[position];
    });
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    ForEachElement([&](int64_t output, int64_t input, int64_t, int64_t) {
      if (input < 0) return;
      reinterpret_cast<T*>(buffers.grad_input)[input] = reinterpret_cast<const T*>(buffers.grad_output)[output];
    });
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    ForEachElement([&](int64_t output, int64_t input, int64_t position, int64_t feature) {
      Gradient<T>(0)[position] += dy[output];
      if (input < 0) Gradient<T>(1)[feature] += dy[output];
    });
    return absl::OkStatus();
  }

 private:
  // Calls function(element of the output, of the input or −1 for the class token, of the positions, feature).
  template <typename Function>
  void ForEachElement(Function function) const {
    const int64_t rows = output_shape()[1], width = output_shape()[2];
    for (int64_t i = 0; i < output_shape().NumElements(); ++i) {
      const int64_t row = i / width % rows, example = i / (width * rows);
      const int64_t input = (example * (rows - first_) + row - first_) * width + i % width;
      function(i, row < first_ ? -1 : input, i % (width * rows), i % width);
    }
  }

  const int64_t first_;  // rows of the class token
};

// T: float or double.
template <typename T>
class ReferenceFirstRow final : public PrimitiveLayer {
 public:
  ReferenceFirstRow(const LayerInfo& info, const FirstRowSpec& spec) : PrimitiveLayer(info, Footprint{}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    const int64_t rows = input_shape()[1], width = input_shape()[2];
    for (int64_t i = 0; i < output_shape().NumElements(); ++i) {
      reinterpret_cast<T*>(buffers.output)[i] = x[i / width * rows * width + i % width];
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    const int64_t rows = input_shape()[1], width = input_shape()[2];
    std::fill_n(dx, input_shape().NumElements(), T{0});
    for (int64_t i = 0; i < output_shape().NumElements(); ++i) {
      dx[i / width * rows * width + i % width] = reinterpret_cast<const T*>(buffers.grad_output)[i];
    }
    return absl::OkStatus();
  }
};

// T: float or double.
template <typename T>
class ReferenceColumns final : public PrimitiveLayer {
 public:
  ReferenceColumns(const LayerInfo& info, const ColumnsSpec& spec)
      : PrimitiveLayer(info, Footprint{}), begin_(spec.begin), end_(spec.end) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const T* x = reinterpret_cast<const T*>(buffers.input);
    T* y = reinterpret_cast<T*>(buffers.output);
    const int64_t features = input_shape().extents().back();
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      for (int64_t c = begin_; c < end_; ++c) *y++ = x[row * features + c];
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const T* dy = reinterpret_cast<const T*>(buffers.grad_output);
    T* dx = reinterpret_cast<T*>(buffers.grad_input);
    const int64_t features = input_shape().extents().back();
    for (int64_t i = 0; i < input_shape().NumElements(); ++i) {
      const int64_t c = i % features;
      dx[i] = c >= begin_ && c < end_ ? *dy++ : T{0};
    }
    return absl::OkStatus();
  }

 private:
  const int64_t begin_;
  const int64_t end_;
};

}  // namespace baton

#endif  // BATON_OPS_REFERENCE_ROWS_H_
