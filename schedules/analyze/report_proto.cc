// Field by field from StepReport to its messages.
#include "schedules/analyze/report_proto.h"

#include <google/protobuf/util/json_util.h>

namespace baton {
namespace {

// The fields that both messages have.
template <typename Message>
void FillCommon(const std::string& schedule, const StepReport& report, Message& message) {
  message.set_schedule(schedule);
  message.set_status("ok");
  message.set_step_time_us(Micros(report.step_time));
  message.set_bubble_ratio(report.bubble_ratio);
  message.set_span_bubble_ratio(report.span_bubble_ratio);
  message.set_span_us(Micros(LongestSpan(report)));
  for (const DeviceReport& device : report.devices) {
    message.add_peak_micro_batches(device.peak_micro_batches);
    message.add_live_micro_batches(device.live_micro_batches);
    message.add_peak_bytes(static_cast<double>(device.peak_bytes));
  }
}

}  // namespace

proto::CompareReport::Row ToCompareRow(const std::string& schedule, const StepReport& report) {
  proto::CompareReport::Row row;
  FillCommon(schedule, report, row);
  return row;
}

proto::SimulateReport ToSimulateReport(const std::string& schedule, const StepReport& report) {
  proto::SimulateReport message;
  FillCommon(schedule, report, message);
  if (const std::optional<double> hidden = HiddenCollectives(report)) message.set_hidden_collectives(*hidden);
  for (const DeviceReport& device : report.devices) {
    proto::SimulateReport::Device& row = *message.add_devices();
    row.set_busy_us(Micros(device.busy));
    row.set_bubble_ratio(device.BubbleRatio());
    row.set_fill_us(Micros(device.idle.fill));
    row.set_drain_us(Micros(device.idle.drain));
    row.set_neighbour_us(Micros(device.idle.neighbour));
    row.set_transfer_us(Micros(device.idle.transfer));
    row.set_collective_us(Micros(device.idle.collective));
    row.set_core_wait_us(Micros(device.core_wait));
    row.set_parameter_bytes(static_cast<double>(device.memory.parameters));
    row.set_gradient_bytes(static_cast<double>(device.memory.gradients));
    row.set_optimizer_bytes(static_cast<double>(device.memory.optimizer));
    row.set_activation_bytes(static_cast<double>(device.memory.activations));
    row.set_buffer_bytes(static_cast<double>(device.memory.buffers));
    row.set_workspace_bytes(static_cast<double>(device.memory.workspace));
  }
  return message;
}

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  std::string json;
  // Fails only for messages with Any or invalid UTF-8, which these are not.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) return "{}";
  return json + "\n";
}

}  // namespace baton
