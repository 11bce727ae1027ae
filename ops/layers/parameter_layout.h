// Where each parameter of a model stands: its values, gradients, optimizer moments and f32 master copy in the memory of
// every chunk that uses it. The only place that knows this layout. Used by costs, stage modules, profiling, the
// optimizer and checkpoints.
//
// The state of a chunk is three regions (ChunkMemory of schedules/program). For parameters a, b, …, each part aligned:
//
//   parameters  │ a values    │ b values    │ …                                    parameter_bytes
//   gradients   │ a gradients │ b gradients │ …                                    gradient_bytes
//   optimizer   │ a m │ b m │ … │ a v │ b v │ …                                    optimizer_bytes
//
// Gradients and moments (m, v) are f32. Layers read the values. Those of layers that compute in 16 bits have 16 bits,
// and are rounded from f32 masters, which the optimizer updates:
//
//   optimizer   │ a master │ b master │ … │ a m │ b m │ … │ a v │ b v │ …          optimizer_bytes
//
// Values of 16 bits without masters are rounded by each update (ops/optimizer/stochastic_rounding.h); the optimizer
// region then is as in f32. In both cases each f32 array is twice as large as the parameters region, and each offset in
// it twice as large, so that a shard of the gradients is half as many bytes of the values.
//
//   BATON_ASSIGN_OR_RETURN(ParameterLayout layout, ParameterLayout::Create(parameters_of_chunks, DataType::kBFloat16));
//   for (int i = 0; i < layout.num_parameters(); ++i) {
//     const ParameterUse& use = layout.CanonicalUse(i);
//     const std::byte* values = parameters_of_chunk[use.chunk] + use.offsets.values;  // what its layers read
//   }
#ifndef BATON_OPS_LAYERS_PARAMETER_LAYOUT_H_
#define BATON_OPS_LAYERS_PARAMETER_LAYOUT_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/units.h"
#include "ops/layers/layer.h"
#include "ops/tensor/shape.h"

namespace baton {

// Offsets of one parameter in its chunk's regions, in bytes, multiples of kBufferAlignment.
struct ParameterOffsets {
  static constexpr Bytes kNone = -1;

  Bytes values = 0;         // in the parameters region
  Bytes gradients = 0;      // in the gradients region; gradient_ratio times `values`
  Bytes first_moment = 0;   // in the optimizer region
  Bytes second_moment = 0;  // in the optimizer region
  Bytes master = kNone;     // in the optimizer region; kNone if the values are f32
};

// How parameters are kept.
struct ParameterFormat {
  ParameterFormat(DataType type = DataType::kFloat32, bool rounds = false) : type(type), rounds(rounds) {}  // NOLINT

  bool has_masters() const { return type != DataType::kFloat32 && !rounds; }

  DataType type;  // of the values that layers read
  bool rounds;    // the values are numbers of bf16, whatever their type, and nothing keeps more of them
};

// The regions of one chunk.
struct ChunkLayout {
  std::vector<ParameterOffsets> offsets;  // [parameter], in the order of Layer::parameters()
  Bytes parameter_bytes = 0;
  Bytes optimizer_bytes = 0;
  int gradient_ratio = 1;  // bytes of gradients for each of parameters

  Bytes gradient_bytes() const { return gradient_ratio * parameter_bytes; }
};

// Lays out the parameters of one layer or chunk. A parameter that is named twice
// is laid out twice. Sizes add up: a chunk takes the sum of what its layers take.
ChunkLayout LayOutChunk(absl::Span<const ParameterSpec> parameters, const ParameterFormat& format);

// One use of a parameter by a chunk. A tied parameter has several uses, each with state of its own; their gradients are
// summed before each update, so that their values stay equal.
struct ParameterUse {
  int parameter = 0;  // index into ParameterLayout::parameters()
  int chunk = 0;      // from 0
  bool canonical =
      false;  // the first use in model order: it counts in the gradient norm and is what a checkpoint stores
  ParameterOffsets offsets;
};

// The layout of a model that is split into chunks. Immutable. Thread contract: any thread.
class ParameterLayout {
 public:
  ParameterLayout() = default;  // of no chunks

  // `chunks`: [chunk], the parameters of its layers in the order of Layer::parameters().
  // Errors: Internal if two layers give the same name different shapes.
  static absl::StatusOr<ParameterLayout> Create(absl::Span<const std::vector<ParameterSpec>> chunks,
                                                const ParameterFormat& format);

  // Each parameter once, in the order of its canonical use.
  const std::vector<ParameterSpec>& parameters() const { return parameters_; }
  int num_parameters() const { return static_cast<int>(parameters_.size()); }
  const ParameterSpec& SpecOf(const ParameterUse& use) const { return parameters_[use.parameter]; }

  int num_chunks() const { return static_cast<int>(chunks_.size()); }
  // The uses of one chunk, in the order of Layer::parameters().
  absl::Span<const ParameterUse> UsesIn(int chunk) const { return chunks_[chunk].uses; }
  Bytes ParameterBytes(int chunk) const { return chunks_[chunk].parameter_bytes; }
  Bytes OptimizerBytes(int chunk) const { return chunks_[chunk].optimizer_bytes; }
  Bytes GradientBytes(int chunk) const { return gradient_ratio_ * chunks_[chunk].parameter_bytes; }
  // Bytes of gradients for each of parameters.
  int gradient_ratio() const { return gradient_ratio_; }
  const ParameterFormat& format() const { return format_; }
  // Whether the optimizer updates f32 masters, not the values that layers read.
  bool has_masters() const { return format_.has_masters(); }

  // All uses of one parameter, in model order; at least one.
  std::vector<ParameterUse> UsesOf(int parameter) const;
  const ParameterUse& CanonicalUse(int parameter) const;

 private:
  struct Chunk {
    std::vector<ParameterUse> uses;
    Bytes parameter_bytes = 0;
    Bytes optimizer_bytes = 0;
  };
  struct Position {
    int chunk = 0;
    int use = 0;  // in Chunk::uses
  };

  std::vector<ParameterSpec> parameters_;
  std::vector<Position> canonical_;  // [parameter]
  std::vector<Chunk> chunks_;
  int gradient_ratio_ = 1;
  ParameterFormat format_;
};

}  // namespace baton

#endif  // BATON_OPS_LAYERS_PARAMETER_LAYOUT_H_
