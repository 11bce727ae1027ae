// Small programs for the tests and benchmarks of the executor, made without lowering: one chunk a device, 1F1B.
#ifndef BATON_RUNTIME_EXECUTE_TESTING_PIPELINE_PROGRAM_H_
#define BATON_RUNTIME_EXECUTE_TESTING_PIPELINE_PROGRAM_H_

#include "base/units.h"
#include "schedules/program/program.h"

namespace baton {

struct PipelineSpec {
  int num_devices = 2;
  int num_micro_batches = 4;
  Bytes slot_bytes = 64;   // of every slot
  Bytes state_bytes = 64;  // of a chunk's parameters, of its gradients and of its optimizer state
  Bytes workspace_bytes = 64;
  bool split_backward = false;  // BackwardInput, Send, BackwardWeight instead of Backward, Send
  bool reduce = true;           // one sum over all chunks before the steps
};

// Device d has at most min(m, p − d) micro-batches in flight and reuses their slots, so that waits for reuse occur.
// Each Recv stands right before the instruction that needs it, which is later than it can be posted. The chunk of
// device d is chunk d; the first loads its inputs, the last its targets.
Program MakePipeline(const PipelineSpec& spec);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_TESTING_PIPELINE_PROGRAM_H_
