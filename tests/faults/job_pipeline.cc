// The parts of a training session, put together so that a test can come between them.
#include "tests/faults/job_pipeline.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/status.h"
#include "ops/models/initialize.h"
#include "runtime/data/dataset_of_job.h"
#include "runtime/planning/prepare_job.h"
#include "runtime/train/update_of_job.h"
#include "schedules/program/transport_model.h"

namespace baton {

JobPipeline::JobPipeline(const proto::Job& job, const std::function<void(Program&)>& edit) : job_(job) {
  backend_ = MakeBackend(job.devices()).value();
  PreparedJob prepared = PrepareJob(*backend_, job, TransportModel{}).value();
  if (edit) edit(prepared.programs.training);
  plan_ = std::move(prepared.plan);
  program_ = std::make_shared<const Program>(std::move(prepared.programs.training));
  dataset_ = MakeDataset(job).value();
  batches_ = std::make_unique<Batches>(dataset_.get(), job.batch().sequences() / job.batch().micro_batches());
  devices_ = MakeDevices(job.devices(), program_->num_devices()).value();
  modules_ = StageModules::Create(*backend_, plan_, *program_, {}, *batches_, devices_.Pointers()).value();
  options_.devices = devices_.Pointers();
  options_.modules = modules_->Pointers();
  options_.transport = devices_.transport.get();
}

JobPipeline::~JobPipeline() = default;

absl::Status JobPipeline::Start() {
  BATON_ASSIGN_OR_RETURN(executor_, Executor::Create(program_, options_));
  BATON_RETURN_IF_ERROR(modules_->Bind(*executor_, options_.devices));
  parameters_ = std::make_unique<ParameterState>(&plan_.layout, modules_->parameters());
  return Initialize();
}

absl::Status JobPipeline::Initialize() {
  const std::vector<ChunkReplica>& replicas = program_->placement.replicas();
  for (int index = 0; index < static_cast<int>(replicas.size()); ++index) {
    const int device = replicas[index].device;
    const ChunkState state = executor_->StateOf(index);
    for (const ChunkMemory& memory : program_->devices[device].chunks) {
      if (memory.chunk != replicas[index].chunk) continue;
      const std::vector<std::byte> zeros(std::max(memory.gradient_bytes(), memory.optimizer_bytes));
      Device& owner = *options_.devices[device];
      BATON_RETURN_IF_ERROR(owner.CopyToArena(state.gradients, zeros.data(), memory.gradient_bytes()));
      BATON_RETURN_IF_ERROR(owner.CopyToArena(state.optimizer, zeros.data(), memory.optimizer_bytes));
    }
  }
  InitialValues initial(job_.run().seed(), /*num_threads=*/1);
  BATON_RETURN_IF_ERROR(parameters_->Fill(initial));
  BATON_RETURN_IF_ERROR(modules_->RoundWorkingCopies());
  modules_->BeginStep(UpdateOfJob(job_, /*step=*/0, /*num_updates=*/0), {/*training=*/true, job_.run().seed(), 0});
  modules_->Stage(*program_, /*staging=*/0);
  return absl::OkStatus();
}

std::vector<std::vector<std::byte>> JobPipeline::Parameters() const {
  std::vector<std::vector<std::byte>> all;
  for (const ReplicaParameters& replica : modules_->parameters()) {
    std::vector<std::byte>& values = all.emplace_back(plan_.layout.ParameterBytes(replica.chunk));
    const absl::Status status =
        replica.device->CopyFromArena(values.data(), replica.parameters, static_cast<Bytes>(values.size()));
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }
  return all;
}

}  // namespace baton
