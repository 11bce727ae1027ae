// Converts operations by reflection over their fields; see proto_form.h.
#include "schedules/program/form/proto_form.h"

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "schedules/program/fields.h"
#include "schedules/program/structure.h"

namespace baton {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The field of the operation in proto::Instruction. Operations and their messages have the same field names, checked by
// proto_form_test, so one loop converts all operations.
const FieldDescriptor& OperationField(size_t index) {
  return *proto::Instruction::descriptor()->FindFieldByName(kOperationNames[index]);
}

void InstructionToProto(const DeviceProgram& device, const Instruction& instruction, proto::Instruction& message) {
  Message& operands =
      *message.GetReflection()->MutableMessage(&message, &OperationField(instruction.operation.index()));
  const auto set = [&](FieldRole, const char* name, auto value) {
    const FieldDescriptor* field = operands.GetDescriptor()->FindFieldByName(name);
    if constexpr (std::is_enum_v<decltype(value)>) {
      operands.GetReflection()->SetEnumValue(&operands, field, static_cast<int>(value));
    } else if (!field->has_presence() || value != kNoSlot) {
      operands.GetReflection()->SetInt32(&operands, field, value);
    }
  };
  std::visit([&](const auto& operation) { VisitFields(operation, set); }, instruction.operation);
  for (const int32_t wait : device.WaitsOf(instruction)) message.add_waits(wait);
}

// Errors: InvalidArgument.
absl::StatusOr<Operation> OperationFromProto(const proto::Instruction& message) {
  const auto& reflection = *message.GetReflection();
  for (size_t index = 0; index < std::variant_size_v<Operation>; ++index) {
    if (!reflection.HasField(message, &OperationField(index))) continue;
    const Message& operands = reflection.GetMessage(message, &OperationField(index));
    bool known = true;
    const auto get = [&](FieldRole, const char* name, auto& value) {
      const FieldDescriptor* field = operands.GetDescriptor()->FindFieldByName(name);
      using Value = std::remove_reference_t<decltype(value)>;
      if constexpr (std::is_enum_v<Value>) {
        const int number = operands.GetReflection()->GetEnumValue(operands, field);
        known = field->enum_type()->FindValueByNumber(number) != nullptr;
        if (known) value = static_cast<Value>(number);
      } else {
        const bool is_unset = field->has_presence() && !operands.GetReflection()->HasField(operands, field);
        value = is_unset ? kNoSlot : operands.GetReflection()->GetInt32(operands, field);
      }
    };
    Operation operation = MakeOperation(index);
    std::visit([&](auto& each) { VisitFields(each, get); }, operation);
    if (known) return operation;
    return absl::InvalidArgumentError(absl::StrCat(kOperationNames[index], " of an unknown kind"));
  }
  return absl::InvalidArgumentError("an instruction without an operation");
}

void DeviceToProto(const DeviceProgram& device, proto::DeviceProgram& message) {
  message.mutable_instructions()->Reserve(static_cast<int>(device.instructions.size()));
  for (const Instruction& instruction : device.instructions) {
    InstructionToProto(device, instruction, *message.add_instructions());
  }
  for (const Slot& slot : device.slots) {
    proto::Slot& each = *message.add_slots();
    each.set_kind(static_cast<proto::Slot::Kind>(slot.kind));
    each.set_bytes(slot.bytes);
    each.set_offset(slot.offset);
  }
  for (const ChunkMemory& chunk : device.chunks) {
    proto::ChunkMemory& each = *message.add_chunks();
    each.set_chunk(chunk.chunk);
    each.set_parameters_offset(chunk.parameters_offset);
    each.set_gradients_offset(chunk.gradients_offset);
    each.set_optimizer_offset(chunk.optimizer_offset);
    each.set_parameter_bytes(chunk.parameter_bytes);
    each.set_optimizer_bytes(chunk.optimizer_bytes);
    each.set_partial_sum_bytes(chunk.partial_sum_bytes);
    if (chunk.gradient_ratio != 1) each.set_gradient_ratio(chunk.gradient_ratio);
  }
  message.set_workspace_offset(device.workspace_offset);
  message.set_workspace_bytes(device.workspace_bytes);
  message.set_arena_bytes(device.arena_bytes);
}

// Errors: InvalidArgument.
absl::StatusOr<DeviceProgram> DeviceFromProto(const proto::DeviceProgram& message) {
  DeviceProgram device;
  device.instructions.reserve(static_cast<size_t>(message.instructions_size()));
  for (const proto::Instruction& each : message.instructions()) {
    Instruction instruction;
    BATON_ASSIGN_OR_RETURN(instruction.operation, OperationFromProto(each));
    instruction.first_wait = static_cast<uint32_t>(device.waits.size());
    instruction.num_waits = static_cast<uint32_t>(each.waits_size());
    device.waits.insert(device.waits.end(), each.waits().begin(), each.waits().end());
    device.instructions.push_back(instruction);
  }
  for (const proto::Slot& slot : message.slots()) {
    if (!proto::Slot::Kind_IsValid(slot.kind())) return absl::InvalidArgumentError("a slot of an unknown kind");
    device.slots.push_back({static_cast<SlotKind>(slot.kind()), slot.bytes(), slot.offset()});
  }
  for (const proto::ChunkMemory& chunk : message.chunks()) {
    device.chunks.push_back({chunk.chunk(), chunk.parameters_offset(), chunk.gradients_offset(),
                             chunk.optimizer_offset(), chunk.parameter_bytes(), chunk.optimizer_bytes(),
                             chunk.partial_sum_bytes(), chunk.gradient_ratio() == 0 ? 1 : chunk.gradient_ratio()});
  }
  device.workspace_offset = message.workspace_offset();
  device.workspace_bytes = message.workspace_bytes();
  device.arena_bytes = message.arena_bytes();
  return device;
}

}  // namespace

proto::Program ProgramToProto(const Program& program) {
  proto::Program message;
  message.set_version(kProgramVersion);
  message.set_schedule(program.schedule);
  message.set_num_chunks(program.num_chunks);
  message.set_num_micro_batches(program.num_micro_batches);
  message.set_forward_only(program.forward_only);
  if (program.sum_groups != 1) message.set_sum_groups(program.sum_groups);
  for (const ChunkReplica& replica : program.placement.replicas()) {
    proto::ChunkReplica& each = *message.add_replicas();
    each.set_chunk(replica.chunk);
    each.set_replica(replica.replica);
    each.set_device(replica.device);
  }
  const std::vector<int32_t>& replica_of_micro_batch = program.placement.replica_of_micro_batch();
  message.mutable_replica_of_micro_batch()->Assign(replica_of_micro_batch.begin(), replica_of_micro_batch.end());
  for (const ReduceGroup& group : program.reduce_groups) {
    proto::ReduceGroup& each = *message.add_reduce_groups();
    each.set_kind(static_cast<proto::ReduceGroup::Kind>(group.kind));
    each.set_name(group.name);
    for (const int32_t member : group.members) each.add_members(member);
    each.set_bytes(group.bytes);
  }
  for (const DeviceProgram& device : program.devices) DeviceToProto(device, *message.add_devices());
  return message;
}

absl::StatusOr<Program> ProgramFromProto(const proto::Program& message) {
  if (message.version() < 1) return absl::InvalidArgumentError("the program has no version; it must be at least 1");
  if (message.version() > kProgramVersion) {
    return absl::InvalidArgumentError(absl::StrCat("the program has version ", message.version(),
                                                   "; this build of Baton reads versions up to ", kProgramVersion));
  }
  Program program;
  program.schedule = message.schedule();
  program.num_chunks = message.num_chunks();
  program.num_micro_batches = message.num_micro_batches();
  program.forward_only = message.forward_only();
  program.sum_groups = message.sum_groups() == 0 ? 1 : message.sum_groups();
  std::vector<ChunkReplica> replicas;
  for (const proto::ChunkReplica& each : message.replicas()) {
    replicas.push_back({each.chunk(), each.replica(), each.device()});
  }
  program.placement =
      ChunkPlacement::OfList(program.num_chunks, std::move(replicas),
                             {message.replica_of_micro_batch().begin(), message.replica_of_micro_batch().end()});
  for (const proto::ReduceGroup& group : message.reduce_groups()) {
    if (!proto::ReduceGroup::Kind_IsValid(group.kind())) {
      return absl::InvalidArgumentError("a reduce group of an unknown kind");
    }
    program.reduce_groups.push_back({static_cast<ReduceKind>(group.kind()),
                                     group.name(),
                                     {group.members().begin(), group.members().end()},
                                     group.bytes()});
  }
  for (const proto::DeviceProgram& device : message.devices()) {
    BATON_ASSIGN_OR_RETURN(DeviceProgram each, DeviceFromProto(device));
    program.devices.push_back(std::move(each));
  }
  BATON_RETURN_IF_ERROR(CheckStructure(program));
  return program;
}

}  // namespace baton
