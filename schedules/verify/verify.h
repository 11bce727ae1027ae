// Judges a compute order from a file: it is sound, or every violation is listed by row and cell. Used by `baton
// verify`.
//
//     BATON_ASSIGN_OR_RETURN(const CsvOrder csv, ReadCsv(text, "order.csv"));
//     BATON_ASSIGN_OR_RETURN(const Verdict verdict, Verify(csv, TransportModel{}));
//     if (verdict.is_sound) std::cout << verdict.summary << "\n";
//     for (const std::string& violation : verdict.violations) std::cout << violation << "\n";
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
  // One line for a sound order: its devices, chunks, micro-batches, instructions and peak of live micro-batches.
  std::string summary;
  // One line each: `device 1, row 2 cell 4: 1F0 is repeated; first at cell 3`.
  std::vector<std::string> violations;
  int64_t num_more = 0;  // beyond those listed
  // A drawing of each wait cycle: what its devices have issued, are stuck at and wait for. Empty without a cycle.
  std::string timeline;
};

// Checks the order without transfers. If it is sound, checks the file's own transfers, if any, in `transport`. If those
// are sound, lowers the order with Baton's own transfers for `transport` and proves the program.
// Errors: Internal if Baton's own lowering of a sound order fails its proof.
absl::StatusOr<Verdict> Verify(const CsvOrder& csv, const TransportModel& transport);

// Describes the transport, such as `by rendezvous, one queue a peer and direction`.
std::string DescribeTransport(const TransportModel& transport);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_VERIFY_H_
