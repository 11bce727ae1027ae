// The rule by which NcclTransport makes exchanges.
#include "runtime/planning/exchange_memory.h"

#include <algorithm>
#include <cstdint>

#include "runtime/transport/nccl/staging.h"
#include "schedules/program/walk/participants.h"

namespace baton {

Bytes ExchangeBytes(const Program& program, const std::vector<int>& rank_of_device, int device) {
  if (rank_of_device.empty()) return 0;
  const int rank = rank_of_device[device];
  const auto is_here = [&](int32_t each) { return rank_of_device[each] == rank; };
  Bytes bytes = 0;
  for (int group = 0; group < static_cast<int>(program.reduce_groups.size()); ++group) {
    const std::vector<int32_t> devices = DevicesOfMembers(program, group);
    const auto first_here = std::find_if(devices.begin(), devices.end(), is_here);
    if (first_here == devices.end() || *first_here != device) continue;
    if (std::all_of(devices.begin(), devices.end(), is_here)) continue;
    bytes += StagingBytes(static_cast<int>(devices.size()));
  }
  return bytes;
}

}  // namespace baton
