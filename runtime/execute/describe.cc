#include "runtime/execute/describe.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace baton {
namespace {

std::string OfMicroBatch(absl::string_view name, int32_t chunk, int32_t micro_batch) {
  return absl::StrCat(name, " chunk ", chunk, " micro-batch ", micro_batch);
}

absl::string_view NameOf(Payload payload) { return payload == Payload::kActivation ? "activation" : "gradient"; }

}  // namespace

std::string DescribeOperation(const Operation& operation) {
  return std::visit(
      Overloaded{
          [](const Load& load) {
            const char* kind = load.kind == DataKind::kInputs ? " inputs" : " targets";
            return absl::StrCat(OfMicroBatch("Load", load.chunk, load.micro_batch), kind);
          },
          [](const Forward& forward) { return OfMicroBatch("Forward", forward.chunk, forward.micro_batch); },
          [](const Backward& backward) { return OfMicroBatch("Backward", backward.chunk, backward.micro_batch); },
          [](const BackwardInput& half) { return OfMicroBatch("BackwardInput", half.chunk, half.micro_batch); },
          [](const BackwardWeight& half) { return OfMicroBatch("BackwardWeight", half.chunk, half.micro_batch); },
          [](const Send& send) {
            return absl::StrCat(OfMicroBatch("Send", send.chunk, send.micro_batch), " ", NameOf(send.payload),
                                " to device ", send.peer);
          },
          [](const Recv& recv) {
            return absl::StrCat(OfMicroBatch("Recv", recv.chunk, recv.micro_batch), " ", NameOf(recv.payload),
                                " from device ", recv.peer);
          },
          [](const Reduce& reduce) { return absl::StrCat("Reduce group ", reduce.group); },
          [](const Step& step) { return absl::StrCat("Step chunk ", step.chunk); },
      },
      operation);
}

}  // namespace baton
