// The lines before the first step.
#include "runtime/train/announce.h"

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/printable.h"
#include "runtime/machine/devices.h"
#include "runtime/planning/device_memory.h"
#include "schedules/program/memory_breakdown.h"

namespace baton {

std::vector<std::string> DescribeRun(const proto::Job& job, const TrainingSession& session, bool graphs) {
  std::vector<std::string> lines;
  const int tensor = job.parallel().tensor();
  const Program& program = session.program();
  const DeviceProgram* fullest = &program.devices.front();
  size_t instructions = 0;
  for (const DeviceProgram& device : program.devices) {
    if (device.arena_bytes > fullest->arena_bytes) fullest = &device;
    instructions += device.instructions.size();
  }
  lines.push_back(absl::StrCat(Printable(job.name()), ": ", FormatPlural(program.num_chunks, "chunk"), " on ",
                               FormatPlural(job.devices().count(), "device"),
                               tensor > 1 ? absl::StrCat(", each layer over ", tensor) : "", ", ",
                               FormatPlural(program.num_micro_batches, "micro-batch"), " by ", program.schedule, ": ",
                               FormatPlural(instructions, "instruction"), ", proven"));
  const Bytes exchange = session.ExchangeBytesOf(static_cast<int>(fullest - program.devices.data()));
  lines.push_back(absl::StrCat(
      "memory of device ", fullest - program.devices.data(), ", the fullest: ", FormatBytes(fullest->arena_bytes), " (",
      FormatMemory(BreakDownMemory(*fullest)), ")",
      exchange > 0 ? absl::StrCat(", and ", FormatBytes(exchange), " for sums with other processes") : ""));
  for (const std::string& padding : session.DescribePadding()) lines.push_back(padding);
  if (const std::string held_out = session.DescribeHeldOut(); !held_out.empty()) lines.push_back(held_out);
  if (const std::string devices = session.DescribeDevices(); !devices.empty()) {
    lines.push_back(absl::StrCat("on ", devices, "; ", proto::Devices::Precision_Name(job.devices().precision()),
                                 job.devices().parameters() == proto::Devices::BF16 ? ", parameters too" : "",
                                 graphs ? ", a graph a step" : ", no graphs"));
    const int on_host = session.NumDevicesOnHost();
    if (const int gpus = ProcessorsHere(job.devices()); on_host > gpus) {
      lines.push_back(absl::StrCat("note: ", on_host, " devices share ", FormatPlural(gpus, "GPU"),
                                   " and take turns, which predictions count in"));
    }
    return lines;
  }
  if (const std::string note = session.NoteOnPrecision(); !note.empty()) {
    lines.push_back(absl::StrCat("note: ", note));
  }
  const int threads = session.NumDevicesOnHost() * job.devices().threads_each();
  if (threads > ProcessorsHere(job.devices())) {
    lines.push_back(absl::StrCat("note: ", threads, " threads of devices share ", ProcessorsHere(job.devices()),
                                 " cores and take turns, which predictions count in"));
  }
  return lines;
}

}  // namespace baton
