// One cell of an order in PyTorch's CSV form: `2F3`, `1SEND_F0`. Used by ReadCsv (read_csv.h).
#ifndef BATON_SCHEDULES_ORDER_CSV_CELL_H_
#define BATON_SCHEDULES_ORDER_CSV_CELL_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "schedules/order/compute_order.h"

namespace baton {

// The word between the two numbers of a cell. FSDP's UNSHARD, RESHARD, REDUCE_GRAD and
// WAIT_REDUCE_GRAD, and the waits for a send to end, WAIT_SEND_F and WAIT_SEND_B, are kSkipped.
enum class CellWord : int8_t {
  kForward,
  kBackward,
  kBackwardInput,
  kBackwardWeight,
  kRecompute,
  kSendF,
  kSendB,
  kRecvF,
  kRecvB,
  kSkipped
};

struct OrderCell {
  CellWord word = CellWord::kForward;
  int32_t chunk = 0;
  int32_t micro_batch = 0;

  bool is_compute() const { return word <= CellWord::kRecompute; }
  bool is_backward() const { return word == CellWord::kBackward || word == CellWord::kBackwardInput; }
  // Only if is_compute().
  Action ToAction() const;
};

// The letters of a file. Until PyTorch 2.5 B was the backward-input alone, and BW the whole backward.
enum class OrderLetters { kCurrent, kOld };

// The most digits of a number in a cell.
inline constexpr int kMaxCsvDigits = 7;

// Reads `text`, a cell without blanks and quotes around it. Returns null, or what is wrong.
const char* ParseOrderCell(absl::string_view text, OrderLetters letters, OrderCell& cell);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_CSV_CELL_H_
