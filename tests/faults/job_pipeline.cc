// Planning, compiling and binding a job's chunks.
#include "tests/faults/job_pipeline.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/status.h"
#include "ops/layers/build.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/plan_job.h"

namespace baton {

// Inputs and targets that differ by micro-batch: token ids below 200, or numbers of two decimals and classes below 10.
class JobPipeline::Tokens final : public BatchSource {
 public:
  Tokens(Shape input, int64_t num_targets) : input_(std::move(input)), num_targets_(num_targets) {}

  Bytes BytesOf(DataKind kind) const override {
    return kind == DataKind::kInputs ? input_.NumBytes() : num_targets_ * Bytes{sizeof(int32_t)};
  }
  void Fill(DataKind kind, int micro_batch, std::byte* slot) const override {
    const bool is_float = input_.type() == DataType::kFloat32;
    const int64_t count = kind == DataKind::kInputs ? input_.NumElements() : num_targets_;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t drawn = (37 * i + 101 * micro_batch + 11) % 200;
      if (kind == DataKind::kInputs && is_float) {
        reinterpret_cast<float*>(slot)[i] = 0.01f * static_cast<float>(drawn);
      } else {
        reinterpret_cast<int32_t*>(slot)[i] = static_cast<int32_t>(is_float ? drawn % 10 : drawn);
      }
    }
  }

 private:
  const Shape input_;
  const int64_t num_targets_;
};

JobPipeline::JobPipeline(const proto::Job& job, const std::function<void(Program&)>& edit) : job_(job) {
  backend_ = MakeBackend(job.devices()).value();
  JobPlan plan = PlanJob(*backend_, job).value();
  Program program = std::move(CompileJob(plan.request).value().training);
  if (edit) edit(program);
  program_ = std::make_shared<const Program>(std::move(program));
  parameters_ = std::move(plan.parameters);
  Shape input = plan.table.model.input_shape;
  int64_t num_targets = 0;
  for (const DeviceProgram& device : program_->devices) {
    for (const Slot& slot : device.slots) {
      if (slot.kind == SlotKind::kTargets) num_targets = slot.bytes / static_cast<Bytes>(sizeof(int32_t));
    }
  }
  tokens_ = std::make_unique<Tokens>(input, num_targets);
  for (int chunk = 0; chunk < program_->num_chunks; ++chunk) {
    SequenceSpec sequence;
    sequence.layers.assign(plan.table.model.layers.begin() + plan.split[chunk].begin,
                           plan.table.model.layers.begin() + plan.split[chunk].end);
    std::unique_ptr<Layer> layer = BuildLayer(*backend_, LayerSpec{std::move(sequence)}, input).value();
    input = layer->output_shape();
    modules_.push_back(std::make_unique<LayerStageModule>(backend_.get(), &parameters_, &program_->reduce_groups,
                                                          tokens_.get(), /*copy=*/0, chunk, program_->num_micro_batches,
                                                          std::move(layer)));
    options_.modules.push_back(modules_.back().get());
  }
  devices_ = MakeDevices(job.devices(), program_->num_devices()).value();
  options_.devices = devices_.Pointers();
  options_.transport = devices_.transport.get();
}

JobPipeline::~JobPipeline() = default;

absl::Status JobPipeline::Start() {
  BATON_ASSIGN_OR_RETURN(executor_, Executor::Create(program_, options_));
  return Initialize();
}

absl::Status JobPipeline::Initialize() {
  UpdateControl update;
  update.learning_rate = 0.01;
  update.clip_norm = 1;
  for (size_t chunk = 0; chunk < modules_.size(); ++chunk) {
    const int32_t device_index = program_->device_of_chunk[chunk];
    Device& device = *devices_.devices[device_index];
    const ChunkState state = executor_->StateOf(static_cast<int>(chunk));
    for (const ChunkMemory& memory : program_->devices[device_index].chunks) {
      if (memory.chunk != static_cast<int>(chunk)) continue;
      const std::vector<std::byte> zeros(std::max(memory.parameter_bytes, memory.optimizer_bytes));
      BATON_RETURN_IF_ERROR(device.CopyToArena(state.gradients, zeros.data(), memory.parameter_bytes));
      BATON_RETURN_IF_ERROR(device.CopyToArena(state.optimizer, zeros.data(), memory.optimizer_bytes));
    }
    BATON_RETURN_IF_ERROR(modules_[chunk]->BindAndInitialize(device, state, /*seed=*/1));
    modules_[chunk]->set_update(update);
    for (int micro_batch = 0; micro_batch < program_->num_micro_batches; ++micro_batch) {
      for (const DataKind kind : {DataKind::kInputs, DataKind::kTargets}) {
        modules_[chunk]->Stage(kind, micro_batch, /*staging=*/0);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status JobPipeline::RunStep(Trace* trace) { return executor_->RunStep(trace); }

std::vector<std::vector<std::byte>> JobPipeline::Parameters() const {
  std::vector<std::vector<std::byte>> parameters;
  for (size_t chunk = 0; chunk < modules_.size(); ++chunk) {
    parameters.emplace_back(parameters_.chunk_bytes[chunk]);
    const absl::Status status = devices_.devices[program_->device_of_chunk[chunk]]->CopyFromArena(
        parameters.back().data(), executor_->StateOf(static_cast<int>(chunk)).parameters,
        static_cast<Bytes>(parameters.back().size()));
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }
  return parameters;
}

}  // namespace baton
