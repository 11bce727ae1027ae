// A chunk of real layers as the executor sees it: parameters in the device's arena, data from a batch source, AdamW.
// Made by TrainingRun, one for each copy of a chunk; the same object serves the training and the evaluation program.
#ifndef BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_
#define BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "runtime/execute/stage_module.h"
#include "runtime/train/parameter_table.h"
#include "schedules/program/program.h"

namespace baton {

// Where Load gets a micro-batch from. Called on the workers' threads, several at once.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual void Fill(DataKind kind, int micro_batch, std::byte* slot) const = 0;
};

// What the optimizer's update needs; constant over a run but for the learning rate and the step's number.
struct UpdateOptions {
  double learning_rate = 0;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;  // 0: no clipping
  int64_t step = 1;      // from 1
};

// Thread contract: the StageModule calls come from the device's worker; the others from the launching thread while no
// step runs. Does not own the backend, the table, the groups, the source or the memory it is bound to.
class LayerStageModule : public StageModule {
 public:
  // Copies of a chunk start equal and stay so: a Reduce sums their gradients before each update. `copy` counts from 0;
  // the first adds for all to the other sums. `layer` holds the chunk's layers; `first_chunk` gradients with respect to
  // the input are not computed.
  LayerStageModule(const Backend* backend, const ParameterTable* table, const std::vector<ReduceGroup>* reduce_groups,
                   const BatchSource* source, int copy, int chunk, int num_micro_batches, std::unique_ptr<Layer> layer);

  // Binds the layer to its memory and fills the parameters from `seed`. `state` as the arena was laid out.
  absl::Status BindAndInitialize(const ChunkState& state, int64_t seed);

  void set_update(const UpdateOptions& update) { update_ = update; }
  // Of the last step or evaluation: the losses by micro-batch; only the last chunk's are
  // meaningful, and of those the micro-batches that use this copy.
  const std::vector<double>& losses() const { return losses_; }
  // Of the last training step, before clipping.
  double gradient_norm() const { return gradient_norm_; }
  const std::byte* ValuesOf(const ParameterCopy& copy) const { return state_.parameters + copy.offset; }
  std::byte* GradientsOf(const ParameterCopy& copy) const { return state_.gradients + copy.offset; }

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override;
  absl::Status Forward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status Backward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status BackwardInput(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status Recompute(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status Step(Stream& stream) override;
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override;

 private:
  LayerBuffers ToLayerBuffers(int micro_batch, const ChunkBuffers& buffers);
  int NumChunks() const { return static_cast<int>(table_->chunks.size()); }
  absl::Status FillSquaredNorms(KernelStream stream);

  const Backend* backend_;
  const ParameterTable* table_;
  const std::vector<ReduceGroup>* reduce_groups_;
  const BatchSource* source_;
  int copy_;
  int chunk_;
  std::unique_ptr<Layer> layer_;
  Bytes stash_bytes_;  // Backward puts the stash at the front of the workspace
  ChunkState state_;
  UpdateOptions update_;
  std::vector<double> losses_;         // [micro-batch]
  std::vector<double> squared_norms_;  // [parameter]; summed over the chunks by a Reduce
  double gradient_norm_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_
