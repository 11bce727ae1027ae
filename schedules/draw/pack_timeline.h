// The events of a schedule as packed numbers, for the HTML page: what page/decode.js reads, number by number. Used by
// html.
#ifndef BATON_SCHEDULES_DRAW_PACK_TIMELINE_H_
#define BATON_SCHEDULES_DRAW_PACK_TIMELINE_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

// Appends numbers: 7 bits a byte, the lowest first, the high bit on all but the last. Signed ones are folded: 0, −1, 1,
// −2, … become 0, 1, 2, 3, …
class NumberPacker {
 public:
  void Add(uint64_t number);
  void AddSigned(int64_t number);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Appends one schedule: the program once, then each of its traces as a timeline. Times are differences to what came
// before, in nanoseconds; Loads and Steps that take no time in any of them are left out.
void PackSchedule(const Program& program, absl::Span<const Trace* const> traces, const TransportModel& transport,
                  NumberPacker& packer);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_PACK_TIMELINE_H_
