// The size of the memory through which NcclExchange adds members of several processes. Used by it, and by
// runtime/planning, which counts it.
#ifndef BATON_RUNTIME_TRANSPORT_NCCL_STAGING_H_
#define BATON_RUNTIME_TRANSPORT_NCCL_STAGING_H_

#include "base/units.h"

namespace baton {

// A sum goes block by block. A multiple of 8, the same in all processes.
inline constexpr Bytes kExchangeBlockBytes = Bytes{2} << 20;

// On one GPU of each process that has a member: a block of each member, wherever it is.
inline constexpr Bytes StagingBytes(int num_members, Bytes block_bytes = kExchangeBlockBytes) {
  return num_members * block_bytes;
}

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_NCCL_STAGING_H_
