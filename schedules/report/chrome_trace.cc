// The JSON of a trace, event by event.
#include "schedules/report/chrome_trace.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace baton {
namespace {

// What the viewer shows of one instruction.
struct Shown {
  const char* name;
  int chunk = -1;
  int micro_batch = -1;
  int peer = -1;
  bool is_send = false;
};

Shown HowShown(const Operation& operation) {
  return std::visit(Overloaded{
                        [](const Load& op) {
                          return Shown{"Load", op.chunk, op.micro_batch};
                        },
                        [](const Forward& op) {
                          return Shown{"Forward", op.chunk, op.micro_batch};
                        },
                        [](const Backward& op) {
                          return Shown{"Backward", op.chunk, op.micro_batch};
                        },
                        [](const BackwardInput& op) {
                          return Shown{"BackwardInput", op.chunk, op.micro_batch};
                        },
                        [](const BackwardWeight& op) {
                          return Shown{"BackwardWeight", op.chunk, op.micro_batch};
                        },
                        [](const Recompute& op) {
                          return Shown{"Recompute", op.chunk, op.micro_batch};
                        },
                        [](const Send& op) {
                          return Shown{"Send", op.chunk, op.micro_batch, op.peer, true};
                        },
                        [](const Recv& op) {
                          return Shown{"Recv", op.chunk, op.micro_batch, op.peer, false};
                        },
                        [](const Reduce&) { return Shown{"Reduce"}; },
                        [](const Step& op) {
                          return Shown{"Step", op.chunk};
                        },
                    },
                    operation);
}

// Lane 0 computes; then a send and a receive lane for each peer.
int LaneOf(const Shown& shown) { return shown.peer < 0 ? 0 : 1 + 2 * shown.peer + (shown.is_send ? 0 : 1); }

std::string Micros(Nanos nanos) { return absl::StrFormat("%.3f", static_cast<double>(nanos) / 1000.0); }

void AppendMetadata(const char* kind, int process, int thread, const std::string& name, std::string* json) {
  absl::StrAppend(json, "{\"ph\":\"M\",\"name\":\"", kind, "\",\"pid\":", process, ",\"tid\":", thread,
                  ",\"args\":{\"name\":\"", name, "\"}},\n");
}

// One end of an arrow; both ends of the n-th transfer of a directed pair have the same id.
void AppendFlow(bool begins, int from, int to, int64_t count, int process, int thread, Nanos time, std::string* json) {
  absl::StrAppend(json, "{\"ph\":\"", begins ? "s" : "f", "\",\"name\":\"transfer\",\"cat\":\"transfer\",\"id\":\"",
                  from, "-", to, "-", count, "\",\"pid\":", process, ",\"tid\":", thread, ",\"ts\":", Micros(time),
                  begins ? "" : ",\"bp\":\"e\"", "},\n");
}

}  // namespace

std::string ToChromeTrace(const Program& program, const Trace& trace) {
  std::string json = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  for (int device = 0; device < program.num_devices(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    AppendMetadata("process_name", device, 0, absl::StrCat("device ", device), &json);
    AppendMetadata("thread_name", device, 0, "compute", &json);
    std::vector<int64_t> sent(program.num_devices(), 0), received(program.num_devices(), 0);
    for (size_t i = 0; i < instructions.size(); ++i) {
      const Shown shown = HowShown(instructions[i].operation);
      const Interval& interval = trace.devices[device][i];
      const int lane = LaneOf(shown);
      if (shown.peer >= 0) {
        int64_t& count = shown.is_send ? sent[shown.peer] : received[shown.peer];
        if (count == 0) {
          AppendMetadata("thread_name", device, lane,
                         absl::StrCat(shown.is_send ? "send to " : "receive from ", shown.peer), &json);
        }
        const int from = shown.is_send ? device : shown.peer;
        const int to = shown.is_send ? shown.peer : device;
        AppendFlow(shown.is_send, from, to, count++, device, lane, shown.is_send ? interval.start : interval.end,
                   &json);
      }
      absl::StrAppend(&json, "{\"ph\":\"X\",\"name\":\"", shown.name);
      if (shown.micro_batch >= 0) absl::StrAppend(&json, " ", shown.micro_batch);
      absl::StrAppend(&json, "\",\"cat\":\"", shown.peer < 0 ? "compute" : "transfer", "\",\"pid\":", device,
                      ",\"tid\":", lane, ",\"ts\":", Micros(interval.start),
                      ",\"dur\":", Micros(interval.end - interval.start), ",\"args\":{\"instruction\":", i);
      if (shown.chunk >= 0) absl::StrAppend(&json, ",\"chunk\":", shown.chunk);
      if (shown.micro_batch >= 0) absl::StrAppend(&json, ",\"micro_batch\":", shown.micro_batch);
      if (shown.peer >= 0) absl::StrAppend(&json, ",\"peer\":", shown.peer);
      absl::StrAppend(&json, ",\"ready_us\":", Micros(interval.ready), "}},\n");
    }
  }
  json.resize(json.size() - 2);  // the last comma
  json += "\n]}\n";
  return json;
}

}  // namespace baton
