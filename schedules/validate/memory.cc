// The rule "memory"; see rules.h.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "schedules/validate/rules.h"

namespace baton {
namespace {

// A part of a device's arena.
struct Region {
  const char* what;
  int index;  // chunk or slot
  Bytes offset;
  Bytes bytes;
};

std::string Name(const Region& region) {
  return region.index < 0 ? region.what : absl::StrCat(region.what, " ", region.index);
}

class MemoryChecker {
 public:
  MemoryChecker(const Program& program, int device, std::vector<Violation>& violations)
      : program_(program), code_(program.devices[device]), device_(device), violations_(violations) {}

  void Run() {
    CheckChunks();
    for (const ChunkMemory& memory : code_.chunks) {
      Add({"parameters of chunk", memory.chunk, memory.parameters_offset, memory.parameter_bytes});
      if (program_.forward_only) {
        if (memory.gradients_offset != kNoOffset || memory.optimizer_offset != kNoOffset) {
          Report(absl::StrCat("chunk ", memory.chunk, " of a forward-only program has gradients or optimizer state"));
        }
        continue;
      }
      Add({"gradients of chunk", memory.chunk, memory.gradients_offset, memory.gradient_region_bytes()});
      Add({"optimizer state of chunk", memory.chunk, memory.optimizer_offset, memory.optimizer_bytes});
    }
    Add({"workspace", -1, code_.workspace_offset, code_.workspace_bytes});
    for (size_t slot = 0; slot < code_.slots.size(); ++slot) {
      Add({"slot", static_cast<int>(slot), code_.slots[slot].offset, code_.slots[slot].bytes});
    }
    CheckOverlaps();
  }

 private:
  void Report(const std::string& message) { violations_.push_back({device_, -1, "memory", message}); }

  void CheckChunks() {
    std::vector<int32_t> listed;
    for (const ChunkMemory& memory : code_.chunks) listed.push_back(memory.chunk);
    for (size_t i = 1; i < listed.size(); ++i) {
      if (listed[i] <= listed[i - 1]) Report(absl::StrCat("chunk ", listed[i], " is listed after ", listed[i - 1]));
    }
  }

  void Add(const Region& region) {
    if (region.offset % kBufferAlignment != 0) {
      Report(absl::StrCat(Name(region), " at ", region.offset, " is not aligned to ", kBufferAlignment));
    }
    if (region.bytes > 0) regions_.push_back(region);
  }

  void CheckOverlaps() {
    std::stable_sort(regions_.begin(), regions_.end(),
                     [](const Region& a, const Region& b) { return a.offset < b.offset; });
    const Region* furthest = nullptr;
    for (const Region& region : regions_) {
      if (furthest != nullptr && region.offset < furthest->offset + furthest->bytes) {
        Report(absl::StrCat(Name(region), " at ", region.offset, " overlaps ", Name(*furthest), " at ",
                            furthest->offset, " with ", furthest->bytes, " bytes"));
      }
      if (furthest == nullptr || region.offset + region.bytes > furthest->offset + furthest->bytes) furthest = &region;
    }
  }

  const Program& program_;
  const DeviceProgram& code_;
  const int device_;
  std::vector<Violation>& violations_;
  std::vector<Region> regions_;  // not empty
};

}  // namespace

void CheckMemory(const Program& program, std::vector<Violation>& violations) {
  const std::vector<ChunkReplica>& replicas = program.placement.replicas();
  std::vector<bool> has_memory(replicas.size(), false);
  for (int device = 0; device < program.num_devices(); ++device) {
    MemoryChecker(program, device, violations).Run();
    for (const ChunkMemory& memory : program.devices[device].chunks) {
      const int32_t entry = program.placement.IndexOn(memory.chunk, device);
      if (entry >= 0) has_memory[entry] = true;
    }
  }
  for (size_t entry = 0; entry < replicas.size(); ++entry) {
    if (has_memory[entry]) continue;
    violations.push_back(
        {replicas[entry].device, -1, "memory", absl::StrCat("chunk ", replicas[entry].chunk, " has no memory")});
  }
}

}  // namespace baton
