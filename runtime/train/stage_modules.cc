// Builds, binds and asks the modules of all replicas.
#include "runtime/train/stage_modules.h"

#include <cmath>
#include <utility>
#include <variant>

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

SequenceSpec LayersOf(const JobPlan& plan, int chunk) {
  const std::vector<LayerSpec>& layers = plan.table.model.layers;
  return {{layers.begin() + plan.split[chunk].begin, layers.begin() + plan.split[chunk].end}};
}

}  // namespace

absl::StatusOr<std::unique_ptr<StageModules>> StageModules::Create(
    const Backend& backend, const JobPlan& plan, const Program& program,
    absl::Span<const std::shared_ptr<const Program>> smaller, const BatchSource& source) {
  std::unique_ptr<StageModules> modules(new StageModules(program, smaller));
  const ModelSpec& model = plan.table.model;
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  // [chunk]; replica 0 comes first, with all chunks in order.
  std::vector<Shape> inputs = {model.input_shape};
  for (int index = 0; index < static_cast<int>(replicas.size()); ++index) {
    const int chunk = replicas[index].chunk;
    const SequenceSpec sequence = LayersOf(plan, chunk);
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer, BuildLayer(backend, LayerSpec{sequence}, inputs[chunk]));
    if (replicas[index].replica == 0) inputs.push_back(layer->output_shape());
    modules->modules_.push_back(std::make_unique<LayerStageModule>(&backend, &plan.layout, &program.reduce_groups,
                                                                   &source, index, replicas[index],
                                                                   program.num_micro_batches, std::move(layer)));
    if (chunk + 1 < program.num_chunks) continue;
    for (const std::shared_ptr<const Program>& each : smaller) {
      SequenceSpec last = sequence;
      ScaleLossRows(each->num_micro_batches, program.num_micro_batches, last.layers.back());
      BATON_ASSIGN_OR_RETURN(layer, BuildLayer(backend, LayerSpec{std::move(last)}, inputs[chunk]));
      modules->modules_.back()->AddVariant(std::move(layer));
    }
  }
  return modules;
}

absl::Status StageModules::AddModel(const Backend& backend, const JobPlan& plan) {
  const std::vector<ChunkReplica>& replicas = program_.placement.replicas();
  std::vector<Shape> inputs = {plan.table.model.input_shape};  // [chunk]
  for (size_t index = 0; index < replicas.size(); ++index) {
    const int chunk = replicas[index].chunk;
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer,
                           BuildLayer(backend, LayerSpec{LayersOf(plan, chunk)}, inputs[chunk]));
    if (replicas[index].replica == 0) inputs.push_back(layer->output_shape());
    modules_[index]->AddVariant(std::move(layer));
  }
  return absl::OkStatus();
}

void StageModules::UseModel(int model) {
  for (const auto& module : modules_) module->set_variant(model);
}

std::vector<StageModule*> StageModules::Pointers() const {
  std::vector<StageModule*> pointers;
  for (const auto& module : modules_) pointers.push_back(module.get());
  return pointers;
}

absl::Status StageModules::Bind(const Executor& executor, absl::Span<Device* const> devices) {
  for (int index = 0; index < static_cast<int>(modules_.size()); ++index) {
    const ChunkReplica& replica = program_.placement.replicas()[index];
    Device& device = *devices[replica.device];
    const ChunkState state = executor.StateOf(index);
    BATON_RETURN_IF_ERROR(modules_[index]->Bind(device, state));
    parameters_.push_back({replica.chunk, &device, state.parameters, state.optimizer});
  }
  return absl::OkStatus();
}

absl::Status StageModules::RoundWorkingCopies() {
  for (size_t i = 0; i < modules_.size(); ++i) {
    BATON_RETURN_IF_ERROR(modules_[i]->RoundWorkingCopies(*parameters_[i].device));
  }
  return absl::OkStatus();
}

void StageModules::UseProgram(int smaller) {
  current_ = smaller < 0 ? &program_ : smaller_[smaller].get();
  for (const auto& module : modules_) module->set_variant(smaller);
}

void StageModules::BeginStep(const UpdateControl& update, const StepContext& step) {
  for (const auto& module : modules_) module->BeginStep(update, step);
}

void StageModules::BeginEvaluation() {
  for (const auto& module : modules_) module->BeginEvaluation();
}

void StageModules::SetStop(const std::atomic<bool>* stop) {
  for (const auto& module : modules_) module->set_stop(stop);
}

void StageModules::SetStaging(int staging) {
  for (const auto& module : modules_) module->set_staging(staging);
}

void StageModules::Stage(const Program& program, int staging) {
  for (const DeviceProgram& device : program.devices) {
    for (const Instruction& instruction : device.instructions) {
      const auto* load = std::get_if<Load>(&instruction.operation);
      if (load == nullptr) continue;
      modules_[program.placement.IndexOf(load->chunk, load->micro_batch)]->Stage(load->kind, load->micro_batch,
                                                                                 staging);
    }
  }
}

double StageModules::LossOf(int micro_batch) const {
  return modules_[program_.placement.IndexOf(program_.num_chunks - 1, micro_batch)]->losses()[micro_batch];
}

const std::byte* StageModules::Output() const {
  return modules_[program_.placement.IndexOf(program_.num_chunks - 1, /*micro_batch=*/0)]->output();
}

double StageModules::Loss() const {
  double sum = 0;
  for (int micro_batch = 0; micro_batch < current_->num_micro_batches; ++micro_batch) sum += LossOf(micro_batch);
  return sum;
}

void StageModules::BeginExamination() {
  for (const auto& module : modules_) module->BeginExamination();
}

NonfiniteOrigin StageModules::EndExamination() {
  NonfiniteOrigin origin;
  for (int micro_batch = 0; micro_batch < current_->num_micro_batches && origin.loss_micro_batch < 0; ++micro_batch) {
    if (!std::isfinite(LossOf(micro_batch))) origin.loss_micro_batch = micro_batch;
  }
  for (size_t index = 0; index < modules_.size(); ++index) {
    const int micro_batch = modules_[index]->EndExamination();
    const int chunk = program_.placement.replicas()[index].chunk;
    if (micro_batch < 0 || (origin.chunk >= 0 &&
                            std::make_pair(micro_batch, -chunk) > std::make_pair(origin.micro_batch, -origin.chunk))) {
      continue;
    }
    origin.micro_batch = micro_batch;
    origin.chunk = chunk;
  }
  return origin;
}

}  // namespace baton
