// Draws where devices are stuck. Used by Verify.
//
//   device 0  0F0 0SEND_F0* | 0RECV_B0 0B0 …     0SEND_F0 waits to be matched by 1RECV_F0
//   device 1  1RECV_B0* | 1F0 …                   1F0 waits for 1RECV_B0
//
// Before the bar is what was issued, behind it what was not; a star marks a transfer that was issued and not matched.
#ifndef BATON_SCHEDULES_VERIFY_STUCK_TIMELINE_H_
#define BATON_SCHEDULES_VERIFY_STUCK_TIMELINE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace baton {

// One device. Cells are drawn around `next` and where they are marked; what is between is left out.
struct StuckRow {
  int device = 0;
  const std::vector<std::string>* letters = nullptr;  // [instruction]
  int32_t next = 0;                                   // the first that was not issued
  std::set<int32_t> marked;                           // instructions that the reasons speak of
  std::set<int32_t> open;                             // issued and not matched
  std::vector<std::string> reasons;
};

std::string DrawStuck(const std::vector<StuckRow>& rows);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_STUCK_TIMELINE_H_
