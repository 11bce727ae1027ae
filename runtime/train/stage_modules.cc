// Builds, binds and asks the modules of all replicas.
#include "runtime/train/stage_modules.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/build.h"

namespace baton {

namespace {

// Sets the rows by whose number the loss, the last layer, is divided: from those of `whole` micro-batches to those of
// `part`. Not every row of the targets counts, if tokens are masked.
void ScaleLossRows(int64_t part, int64_t whole, LayerSpec& spec) {
  if (auto* loss = std::get_if<CrossEntropySpec>(&spec.kind)) {
    loss->loss_rows = loss->loss_rows / whole * part;
  } else if (auto* sequence = std::get_if<SequenceSpec>(&spec.kind)) {
    ScaleLossRows(part, whole, sequence->layers.back());
  }
}

const Shape& InputOf(const JobPlan& plan, int chunk) {
  const int first_layer = plan.split[chunk].begin;
  return first_layer == 0 ? plan.table.model.input_shape : plan.table.outputs[first_layer - 1];
}

SequenceSpec LayersOf(const JobPlan& plan, int chunk) {
  const std::vector<LayerSpec>& layers = plan.table.model.layers;
  return {{layers.begin() + plan.split[chunk].begin, layers.begin() + plan.split[chunk].end}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<StageModules>> StageModules::Create(
    const Backend& backend, const JobPlan& plan, const Program& program,
    absl::Span<const std::shared_ptr<const Program>> smaller, const BatchSource& source,
    absl::Span<Device* const> devices) {
  std::unique_ptr<StageModules> modules(new StageModules(program, smaller));
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  for (int index = 0; index < static_cast<int>(replicas.size()); ++index) {
    if (devices[replicas[index].device] == nullptr) {
      modules->modules_.push_back(nullptr);
      continue;
    }
    const int chunk = replicas[index].chunk;
    const SequenceSpec sequence = LayersOf(plan, chunk);
    const Shape& input = InputOf(plan, chunk);
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(backend, LayerSpec{sequence}, input));
    modules->modules_.push_back(std::make_unique<LayerStageModule>(&backend, &plan.layout, &program, &source, index,
                                                                   plan.table.model.input_shape[0], std::move(layer)));
    for (const std::shared_ptr<const Program>& each : smaller) modules->modules_.back()->AddSmaller(*each);
    if (chunk + 1 < program.num_chunks) continue;
    for (const std::shared_ptr<const Program>& each : smaller) {
      SequenceSpec last = sequence;
      ScaleLossRows(each->num_micro_batches, program.num_micro_batches, last.layers.back());
      BATON_ASSIGN_OR_RETURN(layer, BuildLayer(backend, LayerSpec{std::move(last)}, input));
      modules->modules_.back()->AddVariant(std::move(layer));
    }
  }
  return modules;
}

absl::Status StageModules::AddModel(const Backend& backend, const JobPlan& plan) {
  const std::vector<ChunkReplica>& replicas = program_.placement.replicas();
  for (size_t index = 0; index < replicas.size(); ++index) {
    if (modules_[index] == nullptr) continue;
    const int chunk = replicas[index].chunk;
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer,
                           BuildLayer(backend, LayerSpec{LayersOf(plan, chunk)}, InputOf(plan, chunk)));
    modules_[index]->AddVariant(std::move(layer));
  }
  return absl::OkStatus();
}

void StageModules::UseModel(int model) {
  ForEach([&](LayerStageModule& module) { module.set_variant(model); });
}

void StageModules::JoinMembers(absl::Span<const std::unique_ptr<MemberMeeting>> meetings, int member) {
  member_ = member;
  has_members_ = true;
  for (size_t index = 0; index < modules_.size(); ++index) {
    if (modules_[index] == nullptr) continue;
    modules_[index]->JoinMembers(&meetings[program_.placement.replicas()[index].device]->group(member), member);
  }
}

std::vector<StageModule*> StageModules::Pointers() const {
  std::vector<StageModule*> pointers;
  for (const auto& module : modules_) pointers.push_back(module.get());
  return pointers;
}

absl::Status StageModules::Bind(const Executor& executor, absl::Span<Device* const> devices) {
  for (int index = 0; index < static_cast<int>(modules_.size()); ++index) {
    const ChunkReplica& replica = program_.placement.replicas()[index];
    const ChunkState state = executor.StateOf(index);
    parameters_.push_back({replica.chunk, devices[replica.device], state.parameters, state.optimizer});
    parameters_.back().member = member_;
    if (modules_[index] == nullptr) continue;
    parameters_.back().shard = modules_[index]->shard();
    BATON_RETURN_IF_ERROR(modules_[index]->Bind(*devices[replica.device], state));
  }
  return absl::OkStatus();
}

absl::Status StageModules::RoundWorkingCopies() {
  for (size_t i = 0; i < modules_.size(); ++i) {
    if (modules_[i] == nullptr) continue;
    BATON_RETURN_IF_ERROR(modules_[i]->RoundWorkingCopies(*parameters_[i].device));
  }
  for (StageModules* other : others_) BATON_RETURN_IF_ERROR(other->RoundWorkingCopies());
  return absl::OkStatus();
}

void StageModules::UseProgram(int smaller) {
  current_ = smaller < 0 ? &program_ : smaller_[smaller].get();
  ForEach([&](LayerStageModule& module) { module.set_variant(smaller); });
}

void StageModules::BeginStep(const UpdateControl& update, const StepContext& step) {
  ForEach([&](LayerStageModule& module) { module.BeginStep(update, step); });
}

void StageModules::BeginEvaluation() {
  ForEach([](LayerStageModule& module) { module.BeginEvaluation(); });
}

void StageModules::SetStop(const std::atomic<bool>* stop) {
  // A member that leaves out a pass would not meet the others.
  if (has_members_) return;
  ForEach([&](LayerStageModule& module) { module.set_stop(stop); });
}

void StageModules::SetStaging(int staging) {
  ForEach([&](LayerStageModule& module) { module.set_staging(staging); });
}

void StageModules::Stage(const Program& program, int staging) {
  for (const DeviceProgram& device : program.devices) {
    for (const Instruction& instruction : device.instructions) {
      const auto* load = std::get_if<Load>(&instruction.operation);
      if (load == nullptr) continue;
      const auto& module = modules_[program.placement.IndexOf(load->chunk, load->micro_batch)];
      if (module != nullptr) module->Stage(load->kind, load->micro_batch, staging);
    }
  }
  for (StageModules* other : others_) other->Stage(program, staging);
}

const LayerStageModule& StageModules::FirstHere() const {
  return **std::find_if(modules_.begin(), modules_.end(), [](const auto& module) { return module != nullptr; });
}

const LayerStageModule* StageModules::LossModule(int micro_batch) const {
  return modules_[current_->placement.IndexOf(current_->num_chunks - 1, micro_batch)].get();
}

const std::byte* StageModules::Output() const { return LossModule(/*micro_batch=*/0)->output(); }

double StageModules::Loss() const {
  double sum = 0;
  for (const double loss : Losses()) sum += loss;
  return sum;
}

std::vector<double> StageModules::Losses() const {
  std::vector<double> losses;
  if (member_ > 0) return losses;
  for (int micro_batch = 0; micro_batch < current_->num_micro_batches; ++micro_batch) {
    if (const LayerStageModule* module = LossModule(micro_batch)) losses.push_back(module->losses()[micro_batch]);
  }
  return losses;
}

void StageModules::BeginExamination() {
  ForEach([](LayerStageModule& module) { module.BeginExamination(); });
}

NonfiniteOrigin StageModules::EndExamination() {
  NonfiniteOrigin origin;
  for (int micro_batch = 0; micro_batch < current_->num_micro_batches && origin.loss_micro_batch < 0; ++micro_batch) {
    const LayerStageModule* module = LossModule(micro_batch);
    if (module != nullptr && !std::isfinite(module->losses()[micro_batch])) origin.loss_micro_batch = micro_batch;
  }
  for (size_t index = 0; index < modules_.size(); ++index) {
    if (modules_[index] == nullptr) continue;
    NonfiniteOrigin found;
    found.micro_batch = modules_[index]->EndExamination();
    found.chunk = found.micro_batch < 0 ? -1 : program_.placement.replicas()[index].chunk;
    origin = FirstOf(origin, found);
  }
  for (StageModules* other : others_) origin = FirstOf(origin, other->EndExamination());
  return origin;
}

}  // namespace baton
