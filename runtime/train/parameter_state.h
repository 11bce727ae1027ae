// The parameters and optimizer moments of a run by name, whichever chunks, devices and replicas use them: filled from a
// source or a checkpoint, read for the weights file and for checkpoints. Used by TrainingSession.
//
//   ParameterState state(&layout, memory_of_replicas);
//   InitialValues source(seed, num_threads);
//   BATON_RETURN_IF_ERROR(state.Fill(source));
//   BATON_ASSIGN_OR_RETURN(std::vector<TensorToWrite> weights, state.Weights());
#ifndef BATON_RUNTIME_TRAIN_PARAMETER_STATE_H_
#define BATON_RUNTIME_TRAIN_PARAMETER_STATE_H_

#include <cstddef>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "base/shards.h"
#include "ops/layers/parameter_layout.h"
#include "ops/layers/parameter_source.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/safetensors.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/device/device.h"

namespace baton {

// The parameters and optimizer regions of one replica of a chunk.
struct ReplicaParameters {
  int chunk = 0;
  Device* device = nullptr;         // not owned; null: in another process, and so is its memory
  std::byte* parameters = nullptr;  // in the device's arena
  std::byte* optimizer = nullptr;   // likewise
  // If set, the optimizer region has the arrays of this part of the gradients region alone, one after the other.
  std::optional<Shard> shard = std::nullopt;
  int member = 0;  // of a tensor-parallel group
};

// A copy of the state in host memory, from which a checkpoint is written while training goes on. Thread contract: one
// thread at a time.
struct StateSnapshot {
  std::vector<FileToWrite> files;  // the tensors point into `memory`
  std::vector<std::byte> memory;
};

struct SavedState;
struct StatePart;
struct StatePiece;

// Parameters that are rounded (ParameterFormat::rounds) are rounded to the nearest number of bf16 where they are
// written; what comes from a checkpoint is one already.
//
// With tensor parallelism each member has slices of some parameters (ParameterSpec::slice); here all are wholes, so
// that weights and checkpoints do not depend on the number of members.
//
// Thread contract: the launching thread, while no step runs. Borrows the layouts and the devices.
class ParameterState {
 public:
  // `replicas`: at least one of every chunk, each region once. Replicas of a chunk stay equal. The first one of a chunk
  // stands for it: in a run over several processes each process saves what is first in it. Sharded moments and masters
  // are saved whole if all replicas of their chunk are here; else each process saves the pieces that it has.
  ParameterState(const ParameterLayout* layout, std::vector<ReplicaParameters> replicas)
      : ParameterState(std::vector<const ParameterLayout*>{layout}, std::move(replicas), /*num_here=*/1) {}
  // `layouts`: [member], equal but for the slices of parameters. `replicas`: as above of each of `num_here` consecutive
  // members, ascending, which are in this process.
  //
  // If others are in other processes, these share the work of saving: each saves some of the parameters as wholes.
  ParameterState(std::vector<const ParameterLayout*> layouts, std::vector<ReplicaParameters> replicas, int num_here);

  // As given.
  const std::vector<ReplicaParameters>& replicas() const { return replicas_; }

  // `gather` is called before parameters are read: of some, replicas may have shards alone that are up to date. Weights
  // and CopyTo are then called in all processes of the run, or in none. Null: parameters are always whole.
  void SetGather(std::function<absl::Status()> gather) { gather_ = std::move(gather); }

  // all ← an array of `bytes` bytes of each member of the group here, one behind the other. own: those of the members
  // here. Needed if members are in other processes; Weights and CopyTo are then called in all processes of the run, or
  // in none.
  using GatherSlices = std::function<absl::Status(Bytes bytes, const std::byte* own, std::byte* all)>;
  void SetGatherSlices(GatherSlices gather) { gather_slices_ = std::move(gather); }

  // Reads each parameter that is used here once, and writes its values to all of its uses in all replicas that are
  // here. Errors: those of the source and the devices.
  absl::Status Fill(ParameterSource& source);

  // All parameters as wholes, in the order of the layout.
  std::vector<ParameterSpec> WholeSpecs() const;
  // The values of the parameters in the order of the layout, f32, from those canonical uses that are here: pieces of
  // masters of which other processes have shards (TensorToWrite::whole). Valid until the next call or step.
  absl::StatusOr<std::vector<TensorToWrite>> Weights();

  // Lays out `snapshot` and touches its memory, so that CopyTo does not wait for the system.
  void Prepare(StateSnapshot& snapshot) const;
  // Copies values and moments, or pieces of these, of the canonical uses to `snapshot`, which Prepare has laid out.
  absl::Status CopyTo(StateSnapshot& snapshot) const;
  // Reads each byte of what is used here once, checks its hash, and writes values and moments to all uses in all
  // replicas that are here.
  // After an error some may be written. Errors: those of Checkpoint::Read; InvalidArgument if the checkpoint has a
  // tensor that the model has not.
  absl::Status Restore(const Checkpoint& checkpoint);

 private:
  const ParameterSpec& SpecOf(int member, int parameter) const { return layouts_[member]->parameters()[parameter]; }
  // The parameter as a whole, whatever part each member has.
  ParameterSpec WholeSpec(int parameter) const;
  // Whether any use of a parameter is here.
  bool IsUsedHere(int parameter) const;
  // The replica of the first member here from which a parameter is read; null: that replica is in another process.
  const ReplicaParameters* SourceOf(int parameter) const;
  bool IsCut(int parameter) const { return !SpecOf(0, parameter).slice.IsWhole(); }
  // Whether Collect meets other processes: all that have members of this replica's group, whichever saves it.
  bool MeetsOthers(int parameter) const {
    return HasMembersElsewhere() && IsCut(parameter) && SourceOf(parameter) != nullptr;
  }
  // Fills is_turn_, alike in all processes.
  void ShareSaving();
  // Whether this process saves a parameter as a whole.
  bool Saves(int parameter) const { return is_turn_[parameter] && SourceOf(parameter) != nullptr; }
  bool HasMembersElsewhere() const { return num_here_ < static_cast<int>(layouts_.size()); }
  // The arrays of each parameter in the order of the optimizer region; the values come first.
  absl::Span<const StatePart> Parts() const;
  // Whether the arrays of the part are of 16 bits in memory. Checkpoints and weights have them as f32.
  bool IsNarrow(const StatePart& part) const;
  // Whether the replicas of an array have a shard each, of which some are in other processes.
  bool IsInPieces(int parameter, const StatePart& part) const;
  // The bytes that the shards of all members of a replica have of a whole array that is cut: consecutive ones together.
  std::vector<Shard> PiecesOfCut(int parameter, const StatePiece& of_member) const;
  // Returns the tensors that this process saves for one part of a parameter: none, the whole, or pieces.
  std::vector<SavedState> SavedOf(int parameter, const StatePart& part) const;
  // Writes an array of a whole parameter to all of its uses in all replicas of all members.
  absl::Status Spread(int parameter, const StatePart& part, const std::vector<std::byte>& values);
  // Copies an array of a whole parameter to `whole`, from its canonical uses. If it is cut and members are elsewhere,
  // all processes of the group call it at the same time.
  absl::Status Collect(int parameter, const StatePart& part, std::byte* whole) const;
  // The same for the shards of one replica of a cut array: other bytes of `whole` become zeros. `index`: of the replica
  // in replicas_, of the first member here.
  absl::Status CollectShards(size_t index, int parameter, const StatePart& part, std::byte* whole) const;
  // all ← `bytes` bytes of each member from those of the members here.
  absl::Status GatherMembers(Bytes bytes, std::vector<std::byte> own, std::vector<std::byte>& all) const;
  // Copies the tensors that this process saves of one array of a parameter to `next`, which it advances.
  absl::Status CopyPieces(int parameter, const StatePart& part, std::byte*& next) const;
  // The same to memory of downloaded_, and adds the tensors to `tensors`.
  absl::Status AddPieces(int parameter, const StatePart& part, std::vector<TensorToWrite>& tensors);
  // Copies one member's array to `values`.
  absl::Status CollectMember(int member, int parameter, const StatePart& part, std::byte* values) const;

  const std::vector<const ParameterLayout*> layouts_;  // [member]
  const ParameterLayout* const layout_;                // of member 0
  const std::vector<ReplicaParameters> replicas_;
  const int first_here_;  // member
  const int num_here_;
  // [parameter]: of the processes that have members of its group, this one saves it.
  std::vector<bool> is_turn_;
  std::function<absl::Status()> gather_;
  GatherSlices gather_slices_;
  std::vector<const ReplicaParameters*> first_replica_;  // [chunk], of the first member here
  std::vector<std::vector<std::byte>> downloaded_;  // what Weights returned, where it is not in an arena as a whole
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_PARAMETER_STATE_H_
