// Copies between images and rows of features.
#include "ops/host/rows.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "ops/host/support.h"
#include "ops/host/vectors.h"
#include "ops/layers/primitive_layer.h"

namespace baton {
namespace {

class HostPatches final : public PrimitiveLayer {
 public:
  HostPatches(LayerInfo info, int64_t edge) : PrimitiveLayer(std::move(info), Footprint{}), edge_(edge) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    ForEachRun([&](int64_t image, int64_t rows) {
      std::copy_n(Floats(buffers.input) + image, edge_, Floats(buffers.output) + rows);
    });
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    ForEachRun([&](int64_t image, int64_t rows) {
      std::copy_n(Floats(buffers.grad_output) + rows, edge_, Floats(buffers.grad_input) + image);
    });
    return absl::OkStatus();
  }

 private:
  // Calls function(first element in the image, in the rows) for each run of `edge` neighbours.
  template <typename Function>
  void ForEachRun(Function function) const {
    const Shape& in = input_shape();
    const int64_t across = in[3] / edge_;
    int64_t image = 0;
    for (int64_t plane = 0; plane < in[0] * in[1]; ++plane) {
      const int64_t example = plane / in[1], channel = plane % in[1];
      for (int64_t y = 0; y < in[2]; ++y) {
        for (int64_t column = 0; column < across; ++column, image += edge_) {
          const int64_t patch = y / edge_ * across + column;
          function(image,
                   (example * output_shape()[1] + patch) * output_shape()[2] + (channel * edge_ + y % edge_) * edge_);
        }
      }
    }
  }

  const int64_t edge_;
};

class HostPositions final : public PrimitiveLayer {
 public:
  HostPositions(LayerInfo info, bool class_token)
      : PrimitiveLayer(std::move(info), Footprint{}),
        class_token_(class_token),
        width_(input_shape()[2]),
        in_(input_shape()[1] * width_),
        out_(output_shape()[1] * width_) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    for (int64_t example = 0; example < input_shape()[0]; ++example) {
      float* const y = Floats(buffers.output) + example * out_;
      if (class_token_) std::copy_n(Value<float>(1), width_, y);
      std::copy_n(Floats(buffers.input) + example * in_, in_, y + out_ - in_);
      AddTo(out_, Value<float>(0), y);
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    for (int64_t example = 0; example < input_shape()[0]; ++example) {
      std::copy_n(Floats(buffers.grad_output) + (example + 1) * out_ - in_, in_,
                  Floats(buffers.grad_input) + example * in_);
    }
    return absl::OkStatus();
  }

  absl::Status BackwardWeight(KernelStream stream, const PassBuffers& buffers) override {
    for (int64_t example = 0; example < input_shape()[0]; ++example) {
      const float* const dy = Floats(buffers.grad_output) + example * out_;
      AddTo(out_, dy, Gradient<float>(0));
      if (class_token_) AddTo(width_, dy, Gradient<float>(1));
    }
    return absl::OkStatus();
  }

 private:
  const bool class_token_;
  const int64_t width_;
  const int64_t in_, out_;  // elements of an example
};

class HostFirstRow final : public PrimitiveLayer {
 public:
  explicit HostFirstRow(LayerInfo info) : PrimitiveLayer(std::move(info), Footprint{}) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    const int64_t width = input_shape()[2], sequence = input_shape()[1] * width;
    for (int64_t i = 0; i < input_shape()[0]; ++i) {
      std::copy_n(Floats(buffers.input) + i * sequence, width, Floats(buffers.output) + i * width);
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    const int64_t width = input_shape()[2], sequence = input_shape()[1] * width;
    std::fill_n(Floats(buffers.grad_input), input_shape().NumElements(), 0.0f);
    for (int64_t i = 0; i < input_shape()[0]; ++i) {
      std::copy_n(Floats(buffers.grad_output) + i * width, width, Floats(buffers.grad_input) + i * sequence);
    }
    return absl::OkStatus();
  }
};

class HostColumns final : public PrimitiveLayer {
 public:
  HostColumns(LayerInfo info, const ColumnsSpec& spec)
      : PrimitiveLayer(std::move(info), Footprint{}),
        begin_(spec.begin),
        width_(spec.end - spec.begin),
        features_(input_shape().extents().back()) {}

  absl::Status Forward(KernelStream stream, const PassBuffers& buffers) override {
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      std::copy_n(Floats(buffers.input) + row * features_ + begin_, width_, Floats(buffers.output) + row * width_);
    }
    return absl::OkStatus();
  }

  absl::Status BackwardInput(KernelStream stream, const PassBuffers& buffers) override {
    if (buffers.grad_input == nullptr) return absl::OkStatus();
    std::fill_n(Floats(buffers.grad_input), input_shape().NumElements(), 0.0f);
    for (int64_t row = 0; row < NumRows(input_shape()); ++row) {
      std::copy_n(Floats(buffers.grad_output) + row * width_, width_,
                  Floats(buffers.grad_input) + row * features_ + begin_);
    }
    return absl::OkStatus();
  }

 private:
  const int64_t begin_;
  const int64_t width_;     // of the columns
  const int64_t features_;  // of a row of the input
};

}  // namespace

absl::StatusOr<std::unique_ptr<Layer>> CreateHostPatches(const PatchesSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, PatchesInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostPatches>(std::move(info), spec.edge);
}

absl::StatusOr<std::unique_ptr<Layer>> CreateHostPositions(const PositionsSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, PositionsInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostPositions>(std::move(info), spec.class_token);
}

absl::StatusOr<std::unique_ptr<Layer>> CreateHostFirstRow(const FirstRowSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, FirstRowInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostFirstRow>(std::move(info));
}

absl::StatusOr<std::unique_ptr<Layer>> CreateHostColumns(const ColumnsSpec& spec, const Shape& input) {
  BATON_ASSIGN_OR_RETURN(LayerInfo info, ColumnsInfo(spec, input));
  BATON_RETURN_IF_ERROR(CheckFloat32(input));
  return std::make_unique<HostColumns>(std::move(info), spec);
}

}  // namespace baton
