// The events of a schedule as packed numbers, which page/decode.js of the HTML page reads. Used by html.
#ifndef BATON_SCHEDULES_DRAW_PACK_TIMELINE_H_
#define BATON_SCHEDULES_DRAW_PACK_TIMELINE_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

// Appends numbers: 7 bits a byte, the lowest first, the high bit on all bytes but the last. Signed numbers are folded:
// 0, −1, 1, −2, … become 0, 1, 2, 3, …
class NumberPacker {
 public:
  void Add(uint64_t number);
  void AddSigned(int64_t number);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Appends one schedule: the program once, then each of its traces as a timeline. Times are differences from the
// previous ones, in nanoseconds. Leaves out Loads and Updates that take no time in any trace.
void PackSchedule(const Program& program, absl::Span<const Trace* const> traces, const TransportModel& transport,
                  NumberPacker& packer);

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_PACK_TIMELINE_H_
