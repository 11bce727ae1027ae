// 1F1B written out by hand, instruction by instruction.
#include "runtime/execute/testing/pipeline_program.h"

#include <algorithm>
#include <initializer_list>
#include <map>

namespace baton {
namespace {

constexpr int32_t kNone = -1;

class DeviceBuilder {
 public:
  DeviceBuilder(const PipelineSpec& spec, int device)
      : spec_(spec),
        device_(device),
        is_first_(device == 0),
        is_last_(device == spec.num_devices - 1),
        in_flight_(std::min(spec.num_micro_batches, spec.num_devices - device)) {
    const Bytes state_bytes = AlignUp(spec.state_bytes);
    program_.chunks.push_back({device, 0, state_bytes, 2 * state_bytes, state_bytes, state_bytes});
    program_.workspace_offset = 3 * state_bytes;
    program_.workspace_bytes = spec.workspace_bytes;
    program_.arena_bytes = program_.workspace_offset + AlignUp(spec.workspace_bytes);
  }

  DeviceProgram Build() {
    int next_forward = 0;
    int next_backward = 0;
    while (next_backward < spec_.num_micro_batches) {
      if (next_forward < spec_.num_micro_batches && next_forward - next_backward < in_flight_) {
        EmitForward(next_forward++);
      } else {
        EmitBackward(next_backward++);
      }
    }
    const int32_t reduced = spec_.reduce ? Emit(AllReduce{0}, {backwards_.rbegin()->second}) : kNone;
    Emit(Update{device_}, {reduced});
    return std::move(program_);
  }

 private:
  void EmitForward(int micro_batch) {
    const SlotId input = SlotOf(SlotKind::kInput, micro_batch);
    // The slot's last reader: the backward pass of the micro-batch that had it before.
    const int32_t freed = Before(backwards_, micro_batch);
    int32_t received = kNone;
    if (is_first_) {
      Emit(Load{device_, micro_batch, DataKind::kInputs, input}, {});
    } else {
      received = Emit(Recv{device_, micro_batch, Payload::kActivation, device_ - 1, input}, {freed});
    }
    const SlotId targets = is_last_ ? SlotOf(SlotKind::kTargets, micro_batch) : kNoSlot;
    if (is_last_) Emit(Load{device_, micro_batch, DataKind::kTargets, targets}, {});
    const SlotId output = is_last_ ? kNoSlot : SlotOf(SlotKind::kOutput, micro_batch);
    const int32_t forward =
        Emit(Forward{device_, micro_batch, input, targets, output, SlotOf(SlotKind::kSaved, micro_batch),
                     SlotOf(SlotKind::kSavedWeight, micro_batch)},
             {received, Before(activation_sends_, micro_batch)});
    if (is_last_) return;
    activation_sends_[micro_batch] =
        Emit(Send{device_, micro_batch, Payload::kActivation, device_ + 1, output}, {forward});
  }

  void EmitBackward(int micro_batch) {
    const SlotId input = SlotOf(SlotKind::kInput, micro_batch);
    const SlotId targets = is_last_ ? SlotOf(SlotKind::kTargets, micro_batch) : kNoSlot;
    const SlotId saved = SlotOf(SlotKind::kSaved, micro_batch);
    const SlotId saved_weight = SlotOf(SlotKind::kSavedWeight, micro_batch);
    const SlotId grad_output = is_last_ ? kNoSlot : SlotOf(SlotKind::kGradOutput, micro_batch);
    const SlotId grad_input = is_first_ ? kNoSlot : SlotOf(SlotKind::kGradInput, micro_batch);
    int32_t received = kNone;
    if (!is_last_) {
      received = Emit(Recv{device_, micro_batch, Payload::kGradient, device_ + 1, grad_output},
                      {Before(backwards_, micro_batch)});
    }
    const int32_t sent = Before(gradient_sends_, micro_batch);
    int32_t backward;
    if (spec_.split_backward) {
      const SlotId stash = SlotOf(SlotKind::kStash, micro_batch);
      backward =
          Emit(BackwardInput{device_, micro_batch, input, targets, saved, saved_weight, grad_output, grad_input, stash},
               {received, sent});
      SendGradient(micro_batch, grad_input, backward);
      backward = Emit(BackwardWeight{device_, micro_batch, input, saved_weight, grad_output, stash}, {});
    } else {
      backward = Emit(Backward{device_, micro_batch, input, targets, saved, saved_weight, grad_output, grad_input},
                      {received, sent});
      SendGradient(micro_batch, grad_input, backward);
    }
    backwards_[micro_batch] = backward;
  }

  void SendGradient(int micro_batch, SlotId grad_input, int32_t backward) {
    if (is_first_) return;
    gradient_sends_[micro_batch] =
        Emit(Send{device_, micro_batch, Payload::kGradient, device_ - 1, grad_input}, {backward});
  }

  int32_t Emit(Operation operation, std::initializer_list<int32_t> waits) {
    Instruction instruction{operation, static_cast<uint32_t>(program_.waits.size()), 0};
    for (int32_t wait : waits) {
      if (wait == kNone) continue;
      program_.waits.push_back(wait);
      ++instruction.num_waits;
    }
    program_.instructions.push_back(instruction);
    return static_cast<int32_t>(program_.instructions.size()) - 1;
  }

  SlotId SlotOf(SlotKind kind, int micro_batch) {
    const auto key = std::make_pair(kind, micro_batch % in_flight_);
    auto found = slots_.find(key);
    if (found != slots_.end()) return found->second;
    program_.slots.push_back({kind, spec_.slot_bytes, program_.arena_bytes});
    program_.arena_bytes += AlignUp(spec_.slot_bytes);
    return slots_[key] = static_cast<SlotId>(program_.slots.size()) - 1;
  }

  int32_t Before(const std::map<int, int32_t>& instructions, int micro_batch) const {
    auto found = instructions.find(micro_batch - in_flight_);
    return found == instructions.end() ? kNone : found->second;
  }

  const PipelineSpec spec_;
  const int32_t device_;
  const bool is_first_;
  const bool is_last_;
  const int in_flight_;
  DeviceProgram program_;
  std::map<std::pair<SlotKind, int>, SlotId> slots_;
  // By micro-batch, the instruction that ends the use of its slots.
  std::map<int, int32_t> backwards_;
  std::map<int, int32_t> activation_sends_;
  std::map<int, int32_t> gradient_sends_;
};

}  // namespace

Program MakePipeline(const PipelineSpec& spec) {
  Program program;
  program.schedule = "1f1b by hand";
  program.num_chunks = spec.num_devices;
  program.num_micro_batches = spec.num_micro_batches;
  ReduceGroup group{ReduceKind::kGradientNorm, "norm", {}, sizeof(double)};
  std::vector<int32_t> device_of_chunk;
  for (int device = 0; device < spec.num_devices; ++device) {
    device_of_chunk.push_back(device);
    group.members.push_back(device);
    program.devices.push_back(DeviceBuilder(spec, device).Build());
  }
  program.placement = ChunkPlacement::Of(device_of_chunk);
  if (spec.reduce) program.reduce_groups.push_back(group);
  return program;
}

}  // namespace baton
