// Draws a deadlock: the actions of each device around the one that it is stuck at. Used by Verify.
//
//   device 0  0F0 0SEND_F0* | 0RECV_B0 0B0 …     0SEND_F0 waits to be matched by 1RECV_F0
//   device 1  1RECV_B0* | 1F0 …                   1F0 waits for 1RECV_B0
//
// Actions before the bar were issued, those after it were not. A star marks a transfer that is posted and unmatched.
#ifndef BATON_SCHEDULES_VERIFY_STUCK_TIMELINE_H_
#define BATON_SCHEDULES_VERIFY_STUCK_TIMELINE_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace baton {

// The row of one device. Draws the actions around `next` and the marked ones; "…" replaces the others.
struct StuckRow {
  int device = 0;
  const std::vector<std::string>* letters = nullptr;  // [instruction]
  int32_t next = 0;                                   // the first instruction that was not issued
  std::set<int32_t> marked;                           // instructions that the reasons name
  std::set<int32_t> open;                             // transfers that are posted and unmatched
  std::vector<std::string> reasons;
};

std::string DrawStuck(const std::vector<StuckRow>& rows);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_STUCK_TIMELINE_H_
