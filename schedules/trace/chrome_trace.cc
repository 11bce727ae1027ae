// The JSON of a trace, event by event.
#include "schedules/trace/chrome_trace.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/json_string.h"
#include "schedules/program/form/proto_form.h"
#include "schedules/trace/memory_timeline.h"

namespace baton {
namespace {

// The parts of an instruction that the viewer shows.
struct Shown {
  const char* name;
  int chunk = -1;
  int micro_batch = -1;
  int peer = -1;
  bool is_send = false;
  int group = -1;  // of a collective
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
                        [](const AllReduce& op) { return Shown{"AllReduce", -1, -1, -1, false, op.group}; },
                        [](const AllGather& op) { return Shown{"AllGather", -1, -1, -1, false, op.group}; },
                        [](const ReduceScatter& op) { return Shown{"ReduceScatter", -1, -1, -1, false, op.group}; },
                        [](const Update& op) {
                          return Shown{"Update", op.chunk};
                        },
                    },
                    operation);
}

std::string Micros(Nanos nanos) { return absl::StrFormat("%.3f", static_cast<double>(nanos) / 1000.0); }

// Perfetto takes process 0 for the kernel's idle process.
constexpr int kFirstProcess = 1;

void AppendMetadata(const char* kind, int device, int thread, const std::string& name, std::string* json) {
  absl::StrAppend(json, "{\"ph\":\"M\",\"name\":\"", kind, "\",\"pid\":", kFirstProcess + device, ",\"tid\":", thread,
                  ",\"args\":{\"name\":", JsonString(name), "}},\n");
}

// One end of an arrow; both ends of the n-th transfer of a directed pair have the same id.
void AppendFlow(bool begins, int from, int to, int64_t count, int device, int thread, Nanos time, std::string* json) {
  absl::StrAppend(json, "{\"ph\":\"", begins ? "s" : "f", "\",\"name\":\"transfer\",\"cat\":\"transfer\",\"id\":\"",
                  from, "-", to, "-", count, "\",\"pid\":", kFirstProcess + device, ",\"tid\":", thread,
                  ",\"ts\":", Micros(time), begins ? "" : ",\"bp\":\"e\"", "},\n");
}

// The threads of a device. Thread 0 computes. Each peer has a thread for sends and one for receives, each group of
// collectives has one, and there are further ones where several transfers overlap.
class Threads {
 public:
  // Takes the first thread of the lane that is free during the interval.
  int Take(const Shown& shown, int device, const Interval& interval, std::string* json) {
    if (shown.peer < 0 && shown.group < 0) return 0;
    std::vector<Thread>& lane = lanes_[{shown.group >= 0 ? -1 - shown.group : shown.peer, shown.is_send}];
    auto free = std::find_if(lane.begin(), lane.end(), [&](const Thread& t) { return t.busy_until <= interval.start; });
    if (free == lane.end()) {
      lane.push_back({++num_threads_, 0});
      free = lane.end() - 1;
      const std::string name = shown.group >= 0
                                   ? absl::StrCat("group ", shown.group)
                                   : absl::StrCat(shown.is_send ? "send to " : "receive from ", shown.peer);
      AppendMetadata("thread_name", device, free->id,
                     lane.size() == 1 ? name : absl::StrCat(name, " (", lane.size(), ")"), json);
    }
    free->busy_until = interval.end;
    return free->id;
  }

 private:
  struct Thread {
    int id;
    Nanos busy_until;
  };
  std::map<std::pair<int, bool>, std::vector<Thread>> lanes_;  // by peer and direction; negative: group
  int num_threads_ = 0;
};

// A slice with everything that ReadChromeTrace needs.
void AppendSlice(const Shown& shown, int device, int thread, size_t index, const Interval& interval,
                 const Interval* predicted, std::string* json) {
  absl::StrAppend(json, "{\"ph\":\"X\",\"name\":\"", shown.name);
  if (shown.micro_batch >= 0) absl::StrAppend(json, " ", shown.micro_batch);
  absl::StrAppend(json, "\",\"cat\":\"",
                  shown.group >= 0 ? "collective"
                  : shown.peer < 0 ? "compute"
                                   : "transfer",
                  "\",\"pid\":", kFirstProcess + device, ",\"tid\":", thread, ",\"ts\":", Micros(interval.start),
                  ",\"dur\":", Micros(interval.end - interval.start), ",\"args\":{\"device\":", device,
                  ",\"instruction\":", index);
  if (shown.chunk >= 0) absl::StrAppend(json, ",\"chunk\":", shown.chunk);
  if (shown.micro_batch >= 0) absl::StrAppend(json, ",\"micro_batch\":", shown.micro_batch);
  if (shown.peer >= 0) absl::StrAppend(json, ",\"peer\":", shown.peer);
  if (shown.group >= 0) absl::StrAppend(json, ",\"group\":", shown.group);
  absl::StrAppend(json, ",\"ready_us\":", Micros(interval.ready));
  if (predicted != nullptr) {
    absl::StrAppend(json, ",\"predicted_ready_us\":", Micros(predicted->ready),
                    ",\"predicted_start_us\":", Micros(predicted->start),
                    ",\"predicted_end_us\":", Micros(predicted->end));
  }
  *json += "}},\n";
}

void AppendCounters(const Program& program, const Trace& trace, std::string* json) {
  const MemoryTimeline memory = MemoryOverTime(program, trace);
  for (size_t device = 0; device < memory.devices.size(); ++device) {
    for (const MemoryPoint& point : memory.devices[device]) {
      absl::StrAppend(json, "{\"ph\":\"C\",\"name\":\"", memory.in_bytes ? "memory" : "live micro-batches",
                      "\",\"pid\":", kFirstProcess + device, ",\"ts\":", Micros(point.at), ",\"args\":{\"",
                      memory.in_bytes ? "bytes" : "live", "\":", absl::StrFormat("%.15g", point.live), "}},\n");
    }
  }
}

}  // namespace

std::string ToChromeTrace(const Program& program, const Trace& trace, const Trace* predicted, const std::string& name) {
  std::string json = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";
  for (int device = 0; device < program.num_devices(); ++device) {
    const auto& instructions = program.devices[device].instructions;
    const std::string process = absl::StrCat(name, name.empty() ? "" : ", ", "device ", device);
    AppendMetadata("process_name", device, 0, process, &json);
    AppendMetadata("thread_name", device, 0, "compute", &json);
    Threads threads;
    std::vector<int64_t> sent(program.num_devices(), 0), received(program.num_devices(), 0);
    for (size_t i = 0; i < instructions.size(); ++i) {
      const Shown shown = HowShown(instructions[i].operation);
      const Interval& interval = trace.devices[device][i];
      const int thread = threads.Take(shown, device, interval, &json);
      if (shown.peer >= 0) {
        int64_t& count = shown.is_send ? sent[shown.peer] : received[shown.peer];
        const int from = shown.is_send ? device : shown.peer;
        const int to = shown.is_send ? shown.peer : device;
        AppendFlow(shown.is_send, from, to, count++, device, thread, shown.is_send ? interval.start : interval.end,
                   &json);
      }
      AppendSlice(shown, device, thread, i, interval, predicted == nullptr ? nullptr : &predicted->devices[device][i],
                  &json);
    }
  }
  AppendCounters(program, trace, &json);
  json.resize(json.size() - 2);  // the last comma
  absl::StrAppend(&json, "\n],\"otherData\":{\"program\":", JsonString(PrintProgramProto(program)));
  if (const SharedCores& cores = trace.cores; cores.cores > 0) {
    absl::StrAppend(&json, ",\"cores\":{\"cores\":", cores.cores, ",\"threads_each\":", cores.threads_each,
                    ",\"devices_per_host\":", cores.devices_per_host);
    if (cores.gpus_per_host > 0) absl::StrAppend(&json, ",\"gpus_per_host\":", cores.gpus_per_host);
    absl::StrAppend(&json, "}");
  }
  json += "}}\n";
  return json;
}

}  // namespace baton
