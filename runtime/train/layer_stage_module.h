// A chunk of real layers as the executor sees it: parameters in the device's arena, data from a batch source, AdamW.
// Used by StageModules, which makes one for each replica of a chunk; it serves the training and the evaluation program.
#ifndef BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_
#define BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_

#include <atomic>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/shards.h"
#include "ops/backend.h"
#include "ops/layers/layer.h"
#include "ops/layers/member_group.h"
#include "ops/layers/parameter_layout.h"
#include "ops/optimizer/optimizer.h"
#include "ops/tensor/shape.h"
#include "runtime/device/device.h"
#include "runtime/execute/stage_module.h"
#include "runtime/train/batch_source.h"
#include "runtime/train/norm_table.h"
#include "schedules/program/program.h"
#include "schedules/program/walk/gradient_folds.h"

namespace baton {

// Thread contract: the StageModule calls come from the device's worker; the others from the launching thread while no
// step runs, except that Stage may fill the staging memory that no step reads. Borrows the backend, the layout, the
// groups, the batch source and the memory that it is bound to.
// Lifecycle: Bind; then the parameters are written; then RoundWorkingCopies; then steps.
class LayerStageModule : public StageModule {
 public:
  // Replicas of a chunk start equal and stay equal: a collective sums their gradients before each update. In sums over
  // different chunks the first replica of the group contributes for all of them, the others contribute zeros; where
  // replicas have the sums of their shards alone, each contributes the norms of its shard.
  // `program`: of the whole batch. `replica_index`: into its ChunkPlacement::replicas(). `sequences`: of a micro-batch.
  // `layer`: the chunk's layers.
  LayerStageModule(const Backend* backend, const ParameterLayout* layout, const Program* program,
                   const BatchSource* source, int32_t replica_index, int64_t sequences, std::unique_ptr<Layer> layer);

  // The part of the gradients region whose optimizer state this replica has; none: it has all.
  const std::optional<Shard>& shard() const { return shard_; }

  // Adds other layers with the same parameters: for a smaller batch, where only CrossEntropySpec::loss_rows of the last
  // chunk differs, or for inputs of another shape.
  void AddVariant(std::unique_ptr<Layer> layer);
  // Adds a program of a smaller batch, whose micro-batches fall into sum groups of its own.
  void AddSmaller(const Program& program) { smaller_folds_.push_back(FoldsOf(program, replica_index_)); }
  // The layers that the next steps run, and the program of the batch: -1: those of the constructor, else an AddVariant
  // and an AddSmaller, if there are any.
  void set_variant(int variant) {
    layer_ = variant < 0 || variants_.empty() ? full_.get() : variants_[variant].get();
    folds_ = variant < 0 || smaller_folds_.empty() ? &full_folds_ : &smaller_folds_[variant];
  }

  // The chunk's part is computed by member `member` of `group`, which meets the others in each pass. Call before Bind.
  void JoinMembers(MemberGroup* group, int member) {
    members_ = group;
    member_ = member;
  }

  // Binds layers and optimizer to `state`, regions of the device's arena that the layout describes. Takes shared memory
  // of the device for losses, norms and staging. Without gradients there is no optimizer: the module can only Forward.
  absl::Status Bind(Device& device, const ChunkState& state);
  // Brings the working copies up to date after parameters were written from outside, of the shard alone if there is
  // one; nothing to do in f32.
  absl::Status RoundWorkingCopies(Device& device);

  // If the host cannot write the arena, Load copies from staging memory that the host fills before the step. There are
  // kNumStagings: the host fills one while a step reads another. A recorded step always reads the same one.
  static constexpr int kNumStagings = 2;
  // Fills what Load will copy in steps with `staging`, from 0. Does nothing where Load fills slots itself.
  void Stage(DataKind kind, int micro_batch, int staging);
  void set_staging(int staging) { staging_ = staging; }

  // Sets what the next step's passes and its Update do, and clears the losses of earlier steps.
  void BeginStep(const UpdateControl& update, const StepContext& step);
  // The next passes are those of an evaluation.
  void BeginEvaluation() { *step_ = StepContext{}; }
  // From when `*stop` is true on, passes do nothing and Update only clears the gradients, so that a step ends soon and
  // changes nothing: the norm becomes NaN on all devices. Only on the host; a GPU's work is short. Not owned.
  void set_stop(const std::atomic<bool>* stop) { stop_ = stop; }
  // [micro-batch], of the last step or evaluation. Defined only in the last chunk, for the micro-batches that use this
  // replica.
  absl::Span<const double> losses() const { return losses_; }
  // The output of the last Forward in the last chunk of a model without loss, in the device's arena: until the next
  // step.
  const std::byte* output() const { return output_; }
  // The L2 norm over all gradients of the last training step, before clipping. NaN also if a loss is not finite.
  double gradient_norm() const { return *gradient_norm_; }

  // Until EndExamination, each backward pass on its weights is followed by a check of the gradients, and Update only
  // clears them. Not for recorded steps: the check waits for the stream.
  void BeginExamination();
  // Returns the first micro-batch, in the order of execution, after which a gradient was not finite; -1: none.
  int EndExamination();

  absl::Status Load(Stream& stream, DataKind kind, int micro_batch, std::byte* slot) override;
  absl::Status Forward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Backward(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardInput(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status BackwardWeight(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Recompute(Stream& stream, int micro_batch, const PassBuffers& buffers) override;
  absl::Status Update(Stream& stream) override;
  absl::StatusOr<ReduceBuffer> PrepareReduce(Stream& stream, int group, int member) override;

 private:
  // Adds what the executor does not know.
  PassBuffers Complete(int micro_batch, const PassBuffers& buffers);
  // Puts the output of a model without loss to the front of the workspace; see CompileEvaluation.
  void PlaceOutput(PassBuffers& buffers);
  // Allocates in the device's shared memory.
  absl::Status CreateShared(Device& device);
  absl::Status CreateNorms(Device& device);
  OptimizedParameter LocateUse(const ParameterUse& use) const;
  std::vector<OptimizedParameter> LocateParameters() const;
  // The parts of them in the shard, with its optimizer state.
  std::vector<OptimizedParameter> LocateShard() const;
  void BindParameters();
  bool Stops() const { return stop_ != nullptr && staged_ == nullptr && stop_->load(std::memory_order_relaxed); }
  // To be called after each pass that adds to gradients.
  absl::Status FinishBackward(Stream& stream, int micro_batch);
  absl::Status FoldGradients(Stream& stream, const GradientFold& fold);
  // Does nothing outside an examination.
  absl::Status Examine(Stream& stream, int micro_batch);
  // The gradient of the tied use that `group` sums or gathers for `member`, as a part of the chunk's gradients.
  absl::StatusOr<ReduceBuffer> TiedGradient(int group, int member) const;
  std::byte* StagedAt(DataKind kind, int micro_batch, int staging) const;

  const Backend* backend_;
  const ParameterLayout* layout_;
  const Program* program_;                                 // of the whole batch
  const std::vector<GradientFold> full_folds_;             // [micro-batch]; empty: nothing is folded
  std::vector<std::vector<GradientFold>> smaller_folds_;   // of smaller batches
  const std::vector<GradientFold>* folds_ = &full_folds_;  // of the next steps
  const Shape gradients_shape_;                            // of all gradients as one vector
  const BatchSource* source_;
  const int32_t replica_index_;
  const int64_t sequences_;
  const bool counts_in_norm_;         // as do no other replicas of the chunk
  const bool contributes_tied_;       // to sums of tied gradients
  const std::optional<Shard> shard_;  // of the gradients region, which this replica updates; none: it updates all
  MemberGroup* members_ = nullptr;    // null: the chunk is computed by one device
  int member_ = 0;
  const int chunk_;
  const std::unique_ptr<Layer> full_;             // of the whole batch
  std::vector<std::unique_ptr<Layer>> variants_;  // of smaller batches
  Layer* layer_;                                  // one of them
  ChunkState state_;
  std::unique_ptr<Optimizer> optimizer_;  // of all parameters
  std::unique_ptr<Optimizer> updater_;    // of the shard; null if optimizer state is not sharded
  std::optional<NormTable> norms_;        // made by Bind
  const int num_micro_batches_;
  // In the device's shared memory.
  UpdateControl* control_ = nullptr;
  StepContext* step_ = nullptr;
  double* gradient_norm_ = nullptr;
  absl::Span<double> losses_;         // [micro-batch]
  absl::Span<double> squared_norms_;  // norms_, summed over the chunks by an AllReduce
  CutNorms cut_norms_;                // of norms_
  absl::Span<double> use_norms_;      // [parameter use in the chunk]; written by the examiner
  // kNumStagings times the inputs, then targets, of all micro-batches; null if Load fills slots itself.
  std::byte* staged_ = nullptr;
  int staging_ = 0;
  // Takes the norm of every use, whoever counts it in squared_norms_. Null outside an examination.
  std::unique_ptr<Optimizer> examiner_;
  int nonfinite_micro_batch_ = -1;
  const std::byte* output_ = nullptr;
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_LAYER_STAGE_MODULE_H_
