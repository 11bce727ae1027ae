// Field by field from an Explanation to its message.
#include "tools/baton/explain_report.h"

#include <string>

#include "schedules/analyze/report_proto.h"
#include "schedules/program/form/describe.h"

namespace baton {
namespace {

void FillStep(const StepReport& report, proto::ExplainReport::Step& step) {
  step.set_step_time_us(Micros(report.step_time));
  step.set_bubble_ratio(report.bubble_ratio);
  IdleCauses idle;
  Nanos core_wait = 0;
  for (const DeviceReport& device : report.devices) {
    for (int i = 0; i < kNumIdleCauses; ++i) {
      const auto cause = static_cast<IdleCause>(i);
      idle.Of(cause) += device.idle.Of(cause);
    }
    core_wait += device.core_wait;
  }
  step.set_fill_us(Micros(idle.fill));
  step.set_drain_us(Micros(idle.drain));
  step.set_neighbour_us(Micros(idle.neighbour));
  step.set_transfer_us(Micros(idle.transfer));
  step.set_collective_us(Micros(idle.collective));
  step.set_dispatch_us(Micros(idle.dispatch));
  step.set_core_wait_us(Micros(core_wait));
}

}  // namespace

proto::ExplainReport ToExplainReport(const Program& program, const Explanation& explanation, const TraceNames& names) {
  proto::ExplainReport report;
  FillStep(explanation.predicted, *report.mutable_predicted());
  FillStep(explanation.measured, *report.mutable_measured());
  for (const Difference& difference : explanation.differences) {
    proto::ExplainReport::Difference& row = *report.add_differences();
    row.set_what(difference.name);
    row.set_instructions(static_cast<double>(difference.count));
    row.set_predicted_us(Micros(difference.predicted_mean));
    row.set_measured_us(Micros(difference.measured_mean));
    row.set_step_cost_us(Micros(difference.step_cost));
  }
  report.set_late_starts_us(Micros(explanation.late_starts));
  for (const Waiting& waiting : explanation.waitings) {
    proto::ExplainReport::Waiting& row = *report.add_waitings();
    row.set_device(waiting.device);
    row.set_for_device(waiting.for_device);
    row.set_for_chunk(waiting.for_chunk);
    row.set_predicted_us(Micros(waiting.predicted));
    row.set_measured_us(Micros(waiting.measured));
  }
  for (const LongInstruction& instruction : explanation.longest) {
    const auto [device, index] = instruction.ref;
    proto::ExplainReport::Instruction& row = *report.add_longest();
    row.set_device(device);
    row.set_instruction(Describe(program.devices[device].instructions[index].operation));
    row.set_predicted_us(Micros(instruction.predicted));
    row.set_measured_us(Micros(instruction.measured));
    row.set_step_cost_us(Micros(instruction.step_cost));
  }
  for (const std::string& sentence : InThreeSentences(program, explanation, names)) report.add_sentences(sentence);
  return report;
}

}  // namespace baton
