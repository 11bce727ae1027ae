// The verdict on a compute order from a file: sound, or everything that is wrong with it, in the file's own terms. Used
// by `baton verify`.
#ifndef BATON_SCHEDULES_VERIFY_VERIFY_H_
#define BATON_SCHEDULES_VERIFY_VERIFY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "schedules/order/read_csv.h"
#include "schedules/program/transport_model.h"

namespace baton {

struct Verdict {
  bool is_sound = false;
  // One line if it is sound: devices, chunks, micro-batches, instructions, the most micro-batches held.
  std::string summary;
  // One line each: `device 1, row 2 cell 4: 1F0 is repeated; first at cell 3`.
  std::vector<std::string> violations;
  int64_t num_more = 0;  // beyond those listed
  // Where there is a wait cycle: what each device of it has done, is stuck at and waits for. Else empty.
  std::string timeline;
};

// First the order by itself; if that is sound, its own transfers, if it has any, played in `transport`; then Baton's
// own lowering for that transport, proven.
// Errors: Internal if Baton's own lowering of a sound order fails its proof.
absl::StatusOr<Verdict> Verify(const CsvOrder& csv, const TransportModel& transport);

// As `by rendezvous, one queue a peer and direction` or `by 2 buffers a peer, one queue a device`.
std::string DescribeTransport(const TransportModel& transport);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_VERIFY_H_
