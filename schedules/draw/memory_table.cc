// One row a device.
#include "schedules/draw/memory_table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/format.h"
#include "base/text_table.h"
#include "schedules/program/memory_breakdown.h"

namespace baton {

std::string MemoryTable(const Program& program, const std::vector<int>& devices) {
  const bool needs_any = std::any_of(program.devices.begin(), program.devices.end(),
                                     [](const DeviceProgram& device) { return device.arena_bytes > 0; });
  if (!needs_any) return "";
  TextTable table({"device", "parameters", "gradients", "optimizer", "activations", "buffers", "workspace", "memory"},
                  {true, true, true, true, true, true, true, true});
  for (const int device : devices) {
    const MemoryBreakdown memory = BreakDownMemory(program.devices[device]);
    table.AddRow({absl::StrCat(device), FormatBytes(memory.parameters), FormatBytes(memory.gradients),
                  FormatBytes(memory.optimizer), FormatBytes(memory.activations), FormatBytes(memory.buffers),
                  FormatBytes(memory.workspace), FormatBytes(memory.Total())});
  }
  return table.ToString();
}

}  // namespace baton
