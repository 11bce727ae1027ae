// Making a job ready, and one step or evaluation of it.
#include "runtime/train/training_run.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "ops/layers/build.h"
#include "runtime/data/clusters.h"
#include "runtime/data/text.h"
#include "runtime/job/resolve.h"
#include "runtime/planning/device_memory.h"
#include "runtime/planning/memory.h"
#include "runtime/planning/plan_job.h"
#include "runtime/train/learning_rate.h"
#include "schedules/simulate/simulate.h"

namespace baton {
namespace {

// Batches of held-out data that an evaluation takes at most.
constexpr int64_t kMaxEvaluationBatches = 32;

absl::StatusOr<std::unique_ptr<Dataset>> DatasetOfJob(const proto::Job& job) {
  const proto::Data& data = job.data();
  if (data.has_clusters()) {
    ClusterDataset::Options options;
    options.examples = data.clusters().examples();
    options.features = NumFeatures(job);
    options.classes = NumClasses(job);
    options.noise = data.clusters().noise();
    options.held_out = data.held_out();
    options.data_seed = data.clusters().seed();
    options.run_seed = job.run().seed();
    return ClusterDataset::Create(options);
  }
  TextDataset::Options options;
  options.pattern = data.text();
  options.held_out = data.held_out();
  options.context = job.model().gpt2().context();
  options.seed = job.run().seed();
  return TextDataset::Create(options);
}

LearningRateSchedule LearningRateOfJob(const proto::Job& job) {
  const proto::Optimizer& optimizer = job.optimizer();
  LearningRateSchedule schedule;
  schedule.base = optimizer.adamw().learning_rate();
  schedule.warmup_steps = optimizer.warmup_steps();
  schedule.steps = job.run().steps();
  schedule.min_ratio = optimizer.min_ratio();
  switch (optimizer.decay()) {
    case proto::Optimizer::LINEAR:
      schedule.decay = LearningRateDecay::kLinear;
      break;
    case proto::Optimizer::COSINE:
      schedule.decay = LearningRateDecay::kCosine;
      break;
    default:
      schedule.decay = LearningRateDecay::kConstant;
  }
  return schedule;
}

}  // namespace

// The data of the step or evaluation batch that runs. Set by the launching thread while no worker runs.
class TrainingRun::Batches : public BatchSource {
 public:
  Batches(const Dataset* dataset, int64_t sequences_per_micro_batch)
      : dataset_(dataset), sequences_per_micro_batch_(sequences_per_micro_batch) {}

  void SetTraining(int64_t step) {
    step_ = step;
    evaluating_ = false;
  }
  void SetHeldOut(int64_t first_sequence) {
    first_held_out_ = first_sequence;
    evaluating_ = true;
  }

  Bytes BytesOf(DataKind kind) const override {
    return sequences_per_micro_batch_ *
           (kind == DataKind::kInputs ? dataset_->input_bytes() : dataset_->num_targets() * Bytes{sizeof(int32_t)});
  }
  void Fill(DataKind kind, int micro_batch, std::byte* slot) const override {
    const int64_t first = micro_batch * sequences_per_micro_batch_;
    std::byte* inputs = kind == DataKind::kInputs ? slot : nullptr;
    int32_t* targets = kind == DataKind::kTargets ? reinterpret_cast<int32_t*>(slot) : nullptr;
    if (!evaluating_) {
      dataset_->FillTraining(step_, first, sequences_per_micro_batch_, inputs, targets);
      return;
    }
    // Where less is held out than fills a batch, it is taken again from its beginning.
    for (int64_t i = 0; i < sequences_per_micro_batch_; ++i) {
      const int64_t sequence = (first_held_out_ + first + i) % dataset_->num_held_out();
      dataset_->FillHeldOut(sequence, 1, inputs == nullptr ? nullptr : inputs + i * dataset_->input_bytes(),
                            targets == nullptr ? nullptr : targets + i * dataset_->num_targets());
    }
  }

 private:
  const Dataset* dataset_;
  const int64_t sequences_per_micro_batch_;
  int64_t step_ = 0;
  int64_t first_held_out_ = 0;
  bool evaluating_ = false;
};

TrainingRun::~TrainingRun() = default;

absl::StatusOr<std::unique_ptr<TrainingRun>> TrainingRun::Create(const proto::Job& job, const TransportModel& transport,
                                                                 bool graphs) {
  std::unique_ptr<TrainingRun> run(new TrainingRun);
  run->wants_graphs_ = graphs;
  BATON_RETURN_IF_ERROR(run->Prepare(job, transport));
  BATON_RETURN_IF_ERROR(run->PrepareExecution());
  return run;
}

absl::Status TrainingRun::Prepare(const proto::Job& job, const TransportModel& transport) {
  job_ = job;
  BATON_RETURN_IF_ERROR(CheckDevices(job.devices()));
  BATON_ASSIGN_OR_RETURN(backend_, MakeBackend(job.devices()));
  BATON_ASSIGN_OR_RETURN(JobPlan plan, PlanJob(*backend_, job));
  plan.request.transport = transport;
  BATON_ASSIGN_OR_RETURN(JobPrograms programs, CompileJob(plan.request));
  if (absl::Status status = CheckDeviceMemory(job, programs); !status.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(status.message(), "; ", AdviseOnMemory(*backend_, job)));
  }
  table_ = std::move(plan.table);
  split_ = std::move(plan.split);
  parameters_ = std::move(plan.parameters);
  costs_ = std::move(plan.request.costs);
  program_ = std::make_shared<const Program>(std::move(programs.training));
  evaluation_program_ = std::make_shared<const Program>(std::move(programs.evaluation));
  if (job.devices().backend() == proto::Devices::HOST) {
    // All devices of the host backend share the machine's memory.
    Bytes needed = 0;
    for (const Program* each : {program_.get(), evaluation_program_.get()}) {
      for (const DeviceProgram& device : each->devices) needed += device.arena_bytes;
    }
    BATON_RETURN_IF_ERROR(CheckFreeMemory("training", needed));
  }
  // Last, since reading the data may take a while and everything else can be refused before.
  BATON_ASSIGN_OR_RETURN(dataset_, DatasetOfJob(job));
  return absl::OkStatus();
}

absl::Status TrainingRun::PrepareExecution() {
  batches_ = std::make_unique<Batches>(dataset_.get(), job_.batch().sequences() / job_.batch().micro_batches());
  std::vector<StageModule*> modules;
  // [chunk]; replica 0 comes first, with all chunks in order.
  std::vector<Shape> inputs = {table_.model.input_shape};
  const std::vector<ChunkReplica>& replicas = program_->placement.replicas();
  for (int index = 0; index < static_cast<int>(replicas.size()); ++index) {
    const int chunk = replicas[index].chunk;
    SequenceSpec sequence;
    sequence.layers.assign(table_.model.layers.begin() + split_[chunk].begin,
                           table_.model.layers.begin() + split_[chunk].end);
    BATON_ASSIGN_OR_RETURN(std::unique_ptr<Layer> layer,
                           BuildLayer(*backend_, LayerSpec{std::move(sequence)}, inputs[chunk]));
    if (replicas[index].replica == 0) inputs.push_back(layer->output_shape());
    modules_.push_back(std::make_unique<LayerStageModule>(backend_.get(), &parameters_, &program_->reduce_groups,
                                                          batches_.get(), index, replicas[index],
                                                          program_->num_micro_batches, std::move(layer)));
    modules.push_back(modules_.back().get());
  }

  BATON_RETURN_IF_ERROR(training_.Start(job_.devices(), program_, modules));
  for (int index = 0; index < static_cast<int>(modules_.size()); ++index) {
    BATON_RETURN_IF_ERROR(modules_[index]->BindAndInitialize(*training_.devices.devices[replicas[index].device],
                                                             training_.executor->StateOf(index), job_.run().seed()));
  }
  // The modules are bound to the training program's parameters; an evaluation needs none of its own.
  BATON_ASSIGN_OR_RETURN(evaluation_, training_.executor->AddProgram(evaluation_program_));
  return absl::OkStatus();
}

absl::Status TrainingRun::Execution::Start(const proto::Devices& of_job, std::shared_ptr<const Program> program,
                                           const std::vector<StageModule*>& modules) {
  BATON_ASSIGN_OR_RETURN(devices, MakeDevices(of_job, program->num_devices()));
  ExecutorOptions options;
  options.devices = devices.Pointers();
  options.modules = modules;
  options.transport = devices.transport.get();
  BATON_ASSIGN_OR_RETURN(executor, Executor::Create(std::move(program), std::move(options)));
  return absl::OkStatus();
}

std::string TrainingRun::DescribeDevices() const { return baton::DescribeDevices(job_.devices()); }

void TrainingRun::StageBatch(const Program& program, int staging) {
  for (int device = 0; device < program.num_devices(); ++device) {
    for (const Instruction& instruction : program.devices[device].instructions) {
      const auto* load = std::get_if<Load>(&instruction.operation);
      if (load == nullptr) continue;
      modules_[program.placement.IndexOf(load->chunk, load->micro_batch)]->Stage(load->kind, load->micro_batch,
                                                                                 staging);
    }
  }
}

absl::Status TrainingRun::RunStep(int64_t step, Trace* trace) {
  const int staging = static_cast<int>(step % LayerStageModule::kNumStagings);
  for (const auto& module : modules_) module->set_staging(staging);
  batches_->SetTraining(step);
  const bool stages = !training_.devices.devices[0]->arena_is_shared();
  if (!stages) return training_.executor->RunStep(trace);
  if (staged_step_ != step) StageBatch(*program_, staging);
  const auto stage_next = [&] {
    batches_->SetTraining(step + 1);
    StageBatch(*program_, (staging + 1) % LayerStageModule::kNumStagings);
    staged_step_ = step + 1;
  };
  if (graphs_ == nullptr) {
    // The first step creates what instructions need and a recording may not create.
    BATON_RETURN_IF_ERROR(training_.executor->RunStep(trace, stage_next));
    if (!wants_graphs_) return absl::OkStatus();
    graphs_ = std::make_unique<Graphs>();
    BATON_ASSIGN_OR_RETURN(graphs_->order, Simulate(*program_, costs_));
    return absl::OkStatus();
  }
  std::unique_ptr<RecordedStep>& graph = graphs_->steps[staging][trace == nullptr ? 0 : 1];
  if (graph == nullptr) {
    BATON_ASSIGN_OR_RETURN(graph, training_.executor->RecordStep({}, graphs_->order, /*timed=*/trace != nullptr));
  }
  return training_.executor->RunRecorded(*graph, trace, stage_next);
}

absl::StatusOr<StepResult> TrainingRun::Step(int64_t step, bool wants_trace) {
  const proto::AdamW& adamw = job_.optimizer().adamw();
  UpdateControl update;
  update.learning_rate = LearningRate(LearningRateOfJob(job_), step + 1);
  update.beta1 = adamw.beta1();
  update.beta2 = adamw.beta2();
  update.epsilon = adamw.epsilon();
  update.weight_decay = adamw.weight_decay();
  update.clip_norm = job_.optimizer().clip_norm();
  update.step = step + 1;
  for (const auto& module : modules_) module->set_update(update);
  BATON_RETURN_IF_ERROR(RunStep(step, wants_trace ? &trace_ : nullptr));
  StepResult result;
  result.loss = SumOfLosses();
  result.gradient_norm = modules_.front()->gradient_norm();
  result.learning_rate = update.learning_rate;
  return result;
}

double TrainingRun::SumOfLosses() const {
  const int last_chunk = program_->num_chunks - 1;
  double sum = 0;
  // Each from the replica that its micro-batch uses.
  for (int micro_batch = 0; micro_batch < program_->num_micro_batches; ++micro_batch) {
    sum += modules_[program_->placement.IndexOf(last_chunk, micro_batch)]->losses()[micro_batch];
  }
  return sum;
}

absl::StatusOr<double> TrainingRun::Evaluate() {
  const int64_t batch = job_.batch().sequences();
  const int64_t count = std::clamp<int64_t>(dataset_->num_held_out() / batch, 1, kMaxEvaluationBatches);
  if (dataset_->num_held_out() == 0)
    return absl::InvalidArgumentError("data.held_out: 0 leaves nothing to evaluate on");
  double sum = 0;
  for (int64_t index = 0; index < count; ++index) {
    batches_->SetHeldOut(index * batch);
    for (const auto& module : modules_) module->set_staging(0);
    StageBatch(*evaluation_program_, 0);
    staged_step_ = -1;  // overwritten
    BATON_RETURN_IF_ERROR(training_.executor->RunStep(evaluation_, nullptr));
    sum += SumOfLosses();
  }
  return sum / static_cast<double>(count);
}

absl::StatusOr<std::vector<TensorToWrite>> TrainingRun::Weights() {
  std::vector<TensorToWrite> weights;
  downloaded_.clear();
  for (const auto& copies : parameters_.chunks) {
    for (const ParameterCopy& copy : copies) {
      if (!copy.first) continue;
      const ParameterSpec& spec = parameters_.parameters[copy.parameter];
      Device& device = *training_.devices.devices[program_->placement.FirstDeviceOf(copy.chunk)];
      const std::byte* values = modules_[copy.chunk]->ValuesOf(copy);
      if (!device.arena_is_shared()) {
        downloaded_.emplace_back(spec.shape.NumBytes());
        BATON_RETURN_IF_ERROR(device.CopyFromArena(downloaded_.back().data(), values, spec.shape.NumBytes()));
        values = downloaded_.back().data();
      }
      weights.push_back({spec.name, spec.shape, values});
    }
  }
  return weights;
}

Bytes TrainingRun::PeakArenaBytes(int device) const { return training_.executor->PeakArenaBytes(device); }

absl::StatusOr<std::vector<std::byte>> TrainingRun::ParametersAt(int replica_index) const {
  const ChunkReplica& replica = program_->placement.replicas()[replica_index];
  std::vector<std::byte> parameters(parameters_.chunk_bytes[replica.chunk]);
  BATON_RETURN_IF_ERROR(training_.devices.devices[replica.device]->CopyFromArena(
      parameters.data(), training_.executor->StateOf(replica_index).parameters, static_cast<Bytes>(parameters.size())));
  return parameters;
}

int64_t TrainingRun::rows_per_step() const { return job_.batch().sequences() * dataset_->num_targets(); }

}  // namespace baton
