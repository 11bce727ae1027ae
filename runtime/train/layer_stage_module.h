// A chunk of real layers as the executor sees it: parameters in the device's arena, data from a batch source, AdamW.
// Made by TrainingRun, one for each copy of a chunk; the same object serves the training and the evaluation program.
#ifndef BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_
#define BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/optimizer/optimizer.h"
#include "runtime/device/device.h"
#include "runtime/execute/stage_module.h"
#include "runtime/planning/parameter_table.h"
#include "schedules/program/program.h"

namespace baton {

// Where Load gets a micro-batch from. Called on the workers' threads, several at once.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  virtual void Fill(DataKind kind, int micro_batch, std::byte* slot) const = 0;
  // Of one micro-batch.
  virtual Bytes BytesOf(DataKind kind) const = 0;
};

// Thread contract: the StageModule calls come from the device's worker; the others from the launching thread while no
// step runs. Does not own the backend, the table, the groups, the source or the memory it is bound to.
class LayerStageModule : public StageModule {
 public:
  // Replicas of a chunk start equal and stay so: an AllReduce sums their gradients before each update. `replica_index`
  // is its index in ChunkPlacement::replicas(); replica 0 adds for all to the other sums. `layer` holds the chunk's
  // layers; `first_chunk` gradients with respect to the input are not computed.
  LayerStageModule(const Backend* backend, const ParameterTable* table, const std::vector<ReduceGroup>* reduce_groups,
                   const BatchSource* source, int32_t replica_index, const ChunkReplica& replica, int num_micro_batches,
                   std::unique_ptr<Layer> layer);

  // Binds the layer to its memory on `device` and fills the parameters from `seed`. `state` as the arena was laid out.
  absl::Status BindAndInitialize(Device& device, const ChunkState& state, int64_t seed);

  // Where the host does not see the arena, Load copies from staging memory that is filled before the step. There are
  // kNumStagings, so that one can be filled while a step reads another one: a graph has recorded where it reads.
  static constexpr int kNumStagings = 2;
  // What Load is going to copy in steps with `staging`; nothing to do where Load fills slots itself.
  void Stage(DataKind kind, int micro_batch, int staging);
  void set_staging(int staging) { staging_ = staging; }

  void set_update(const UpdateControl& update) { *control_ = update; }
  // Of the last step or evaluation: the losses by micro-batch; only the last chunk's are
  // meaningful, and of those the micro-batches that use this replica.
  absl::Span<const double> losses() const { return losses_; }
  // Of the last training step, before clipping.
  double gradient_norm() const { return *gradient_norm_; }
  const std::byte* ValuesOf(const ParameterCopy& copy) const { return state_.parameters + copy.offset; }
  std::byte* GradientsOf(const ParameterCopy& copy) const { return state_.gradients + copy.offset; }

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override;
  absl::Status Forward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status Backward(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status BackwardInput(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status Recompute(Stream& stream, int micro_batch, const ChunkBuffers& buffers) override;
  absl::Status Update(Stream& stream) override;
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override;

 private:
  LayerBuffers ToLayerBuffers(int micro_batch, const ChunkBuffers& buffers);
  // Takes what this module needs of the device's shared memory.
  absl::Status CreateShared(Device& device);
  absl::Status BindParameters(Device& device, int64_t seed);
  std::byte* StagedAt(DataKind kind, int micro_batch, int staging) const;

  const Backend* backend_;
  const ParameterTable* table_;
  const std::vector<ReduceGroup>* reduce_groups_;
  const BatchSource* source_;
  int32_t replica_index_;
  int replica_;
  int chunk_;
  std::unique_ptr<Layer> layer_;
  Bytes stash_bytes_;  // Backward puts the stash at the front of the workspace
  ChunkState state_;
  std::unique_ptr<Optimizer> optimizer_;
  const int num_micro_batches_;
  // In the device's shared memory.
  UpdateControl* control_ = nullptr;
  double* gradient_norm_ = nullptr;
  absl::Span<double> losses_;         // [micro-batch]
  absl::Span<double> squared_norms_;  // [parameter]; summed over the chunks by an AllReduce
  // kNumStagings times the inputs, then targets, of all micro-batches; null if Load fills slots itself.
  std::byte* staged_ = nullptr;
  int staging_ = 0;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_
