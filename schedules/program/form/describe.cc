// Names of operations; see describe.h.
#include "schedules/program/form/describe.h"

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

const char* Name(Payload payload) { return payload == Payload::kActivation ? "activation" : "gradient"; }

template <typename Operand>
std::string Work(const std::string& name, const Operand& operation) {
  return absl::StrCat(name, " chunk ", operation.chunk, " micro-batch ", operation.micro_batch);
}

}  // namespace

int ChunkOf(const Operation& operation) {
  return std::visit(Overloaded{
                        [](const AllReduce&) { return -1; },
                        [](const AllGather&) { return -1; },
                        [](const ReduceScatter&) { return -1; },
                        [](const auto& other) { return static_cast<int>(other.chunk); },
                    },
                    operation);
}

int MicroBatchOf(const Operation& operation) {
  return std::visit(Overloaded{
                        [](const AllReduce&) { return -1; },
                        [](const AllGather&) { return -1; },
                        [](const ReduceScatter&) { return -1; },
                        [](const Update&) { return -1; },
                        [](const auto& other) { return static_cast<int>(other.micro_batch); },
                    },
                    operation);
}

std::string Describe(const Operation& operation) {
  return std::visit(
      Overloaded{
          [](const Load& load) { return Work(load.kind == DataKind::kInputs ? "Load inputs" : "Load targets", load); },
          [](const Forward& forward) { return Work("Forward", forward); },
          [](const Backward& backward) { return Work("Backward", backward); },
          [](const BackwardInput& backward) { return Work("BackwardInput", backward); },
          [](const BackwardWeight& backward) { return Work("BackwardWeight", backward); },
          [](const Recompute& recompute) { return Work("Recompute", recompute); },
          [](const Send& send) {
            return absl::StrCat(Work(absl::StrCat("Send ", Name(send.payload)), send), " to device ", send.peer);
          },
          [](const Recv& recv) {
            return absl::StrCat(Work(absl::StrCat("Recv ", Name(recv.payload)), recv), " from device ", recv.peer);
          },
          [](const AllReduce& reduce) { return absl::StrCat("AllReduce group ", reduce.group); },
          [](const AllGather& gather) { return absl::StrCat("AllGather group ", gather.group); },
          [](const ReduceScatter& reduce) { return absl::StrCat("ReduceScatter group ", reduce.group); },
          [](const Update& step) { return absl::StrCat("Update chunk ", step.chunk); },
      },
      operation);
}

}  // namespace baton
