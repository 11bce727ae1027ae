// Reads compute orders from files in the CSV form of PyTorch (torch.distributed.pipelining). Used by `baton verify` and
// for jobs with `pipeline { schedule: "csv" }`.
//
//   0F0,0F1,0B0,0B1          device 0: stage 0
//   ,1F0,1B0,1F1,1B1         device 1: stage 1
#ifndef BATON_SCHEDULES_ORDER_READ_CSV_H_
#define BATON_SCHEDULES_ORDER_READ_CSV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "schedules/order/compute_order.h"
#include "schedules/order/csv_cell.h"

namespace baton {

// A transfer of the file, for example
//   1SEND_F3  sends the output of chunk 1              2RECV_F3  receives the input of chunk 2
//   2SEND_B3  sends the gradient of chunk 2's input    1RECV_B3  receives the gradient of chunk 1's output
struct CsvTransfer {
  bool is_send;
  bool is_gradient;
  int32_t chunk;
  int32_t micro_batch;
  int32_t before;  // position of the device's next action; the number of its actions if there is none
  int32_t cell;    // in its row, from 1
};

// An order, and the line and cell of each of its actions.
struct CsvOrder {
  ComputeOrder order;
  bool has_transfers = false;
  std::vector<std::vector<CsvTransfer>> transfers;  // [device] in the order of the file; lowering ignores them
  std::vector<std::vector<int32_t>> cells;          // [device][position]: the cell in its row, from 1
  std::vector<int32_t> rows;                        // [device]: the line of the file, from 1
};

// The most bytes and rows that ReadCsv takes: far more than any real file has.
inline constexpr size_t kMaxCsvBytes = size_t{1} << 27;
inline constexpr int kMaxCsvRows = 1 << 16;

// Reads one row a device and one cell an action. A cell is
//
//   <stage><F|I|W|B|R><micro-batch>  an action; R, a recomputation, is not part of PyTorch's form
//   (2F3;1B0)OVERLAP_F_B             a forward and a backward, in this order
//   1SEND_F3                         a transfer as above
//   1UNSHARD, RESHARD, REDUCE_GRAD, WAIT_REDUCE_GRAD   FSDP's, skipped
//   1WAIT_SEND_F3, WAIT_SEND_B3      the wait for a send to end, skipped
//   nothing                          skipped
//
// Lists as Python prints them are read too (python_lists.h); lines are then those of the lists. `letters`: those of the
// file; a file with a cell like 2BW3 has old ones in any case.
//
// For blanks, quotes and line ends see base/csv_rows.h. An empty row is a device without work, except at the end of the
// file.
//
// The numbers of stages (chunks) and micro-batches follow from the largest ones in compute cells. A stage is on the
// device in whose row its first compute cell is, or on -1 if it has none. If the forwards of some micro-batches visit
// the devices in the order of micro-batch 0 and all others in the reverse order, there are two replicas of the
// parameters, one for each direction. CheckOrder (schedules/verify) decides whether the order is sound.
//
// Errors: InvalidArgument as `name:line:column: what`, with columns in bytes from 1, if a cell cannot be read, or if
// its numbers are implausibly large for the number of cells. Time and memory are at most proportional to the text's
// size.
absl::StatusOr<CsvOrder> ReadCsv(absl::string_view text, absl::string_view name,
                                 OrderLetters letters = OrderLetters::kCurrent);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_READ_CSV_H_
