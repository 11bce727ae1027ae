// Compute orders from files in PyTorch's CSV form (torch.distributed.pipelining), whoever wrote them. Used by
// `baton verify` and wherever `pipeline { schedule: "csv" }` is compiled.
#ifndef BATON_SCHEDULES_ORDER_READ_CSV_H_
#define BATON_SCHEDULES_ORDER_READ_CSV_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "schedules/order/compute_order.h"

namespace baton {

// A transfer as the file places it: `1SEND_F3` sends chunk 1's output, `2RECV_F3` receives chunk 2's input, `2SEND_B3`
// sends the gradient of chunk 2's input, `1RECV_B3` receives the gradient of chunk 1's output.
struct CsvTransfer {
  bool is_send;
  bool is_gradient;
  int32_t chunk;
  int32_t micro_batch;
  int32_t before;  // position of the device's first action behind it; the number of its actions if there is none
  int32_t cell;    // of its row, from 1
};

// An order and where it stands in its file.
struct CsvOrder {
  ComputeOrder order;
  bool has_transfers = false;
  std::vector<std::vector<CsvTransfer>> transfers;  // [device], as in the file; lowering places its own instead
  std::vector<std::vector<int32_t>> cells;          // [device][position]: cell of its row, from 1
  std::vector<int32_t> rows;                        // [device]: line of the file, from 1
};

// The most bytes, rows and digits of a number that ReadCsv takes: far beyond what anybody runs.
inline constexpr size_t kMaxCsvBytes = size_t{1} << 27;
inline constexpr int kMaxCsvRows = 1 << 16;
inline constexpr int kMaxCsvDigits = 7;

// One row a device, one cell an action: `<stage><F|I|W|B|R><micro-batch>` (R, a recomputation, is not PyTorch's),
// `(2F3;1B0)OVERLAP_F_B` for a forward and a backward, which are run in this order, a transfer as above, or nothing.
// FSDP's UNSHARD, RESHARD and REDUCE_GRAD are skipped. Blanks, quotes, CRLF and a byte order mark mean nothing; an
// empty row is a device without work, but for those at the end of the file, which are none.
//
// Stages (chunks) and micro-batches are as many as the largest number of a compute cell says; a stage is on the device
// in whose row its compute cells begin, or on -1 if it has none. Where the forwards of some micro-batches go the way of
// micro-batch 0 and those of all others that way in reverse, there are two replicas, one for each way. Whether the
// order is sound is CheckOrder's business.
//
// Errors: InvalidArgument as `name:line:column: what`, columns in bytes from 1, if something cannot be read, or if the
// numbers are far beyond what the cells can mean. Time and memory are bounded by a multiple of the text's size.
absl::StatusOr<CsvOrder> ReadCsv(absl::string_view text, absl::string_view name);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_READ_CSV_H_
