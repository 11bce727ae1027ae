// Checks the SEND and RECV cells of an order's file against the transfers that the order needs. Used by `baton verify`;
// lowering ignores them and places its own.
#ifndef BATON_SCHEDULES_VERIFY_GIVEN_TRANSFERS_H_
#define BATON_SCHEDULES_VERIFY_GIVEN_TRANSFERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "schedules/order/order_index.h"
#include "schedules/order/read_csv.h"
#include "schedules/program/program.h"

namespace baton {

// Formats a transfer as the file does, such as `1SEND_F3`.
std::string FormatTransfer(const CsvTransfer& transfer);

// As OrderViolation, but with the cell of the row, from 1; -1: about a missing transfer.
struct CellViolation {
  int device = -1;
  int cell = -1;
  std::string message;
};

struct GivenTransfersReport {
  std::vector<CellViolation> violations;  // by device and cell
  int64_t num_more = 0;                   // beyond kMostOrderViolations
};

// Reports the transfers that are out of range, on a wrong device, not needed, repeated, before the action whose result
// they send, after the action that reads them, or unpaired. Since the n-th Send of a pair and direction matches the
// n-th Recv, also reports, for each pair and direction, the first Recv that matches another transfer's Send. Expects an
// order in which CheckOrder finds nothing. `name_cell` returns the name of a device's cell for messages.
GivenTransfersReport CheckGivenTransfers(const CsvOrder& csv, const OrderIndex& index,
                                         const std::function<std::string(int device, int cell)>& name_cell);

// The order with its own transfers, as a program for FindDeadlocks only: it has lanes and waits, but no slots, Loads or
// Updates. Each compute instruction waits for the Recv of its input.
struct GivenProgram {
  Program program;
  std::vector<std::vector<int32_t>> cells;        // [device][instruction]: cell of the device's row, from 1
  std::vector<std::vector<std::string>> letters;  // [device][instruction]: as in the file
};

// Expects an order in which CheckGivenTransfers finds nothing.
GivenProgram LowerAsGiven(const CsvOrder& csv);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_GIVEN_TRANSFERS_H_
