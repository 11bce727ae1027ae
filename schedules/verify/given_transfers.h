// The transfers that a file places itself, against those that its order needs. Used by `baton verify`; lowering ignores
// them and places its own.
#ifndef BATON_SCHEDULES_VERIFY_GIVEN_TRANSFERS_H_
#define BATON_SCHEDULES_VERIFY_GIVEN_TRANSFERS_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "schedules/lower/order_index.h"
#include "schedules/order/read_csv.h"
#include "schedules/program/program.h"

namespace baton {

// As `1SEND_F3`.
std::string FormatTransfer(const CsvTransfer& transfer);

// As OrderViolation, but with the cell of the row, from 1; -1: about what is not there.
struct CellViolation {
  int device = -1;
  int cell = -1;
  std::string message;
};

struct GivenTransfersReport {
  std::vector<CellViolation> violations;  // by device and cell
  int64_t num_more = 0;                   // beyond kMostOrderViolations
};

// What is out of range, on a wrong device, not needed, repeated, before the action whose result it sends, behind the
// action that reads it, or not paired; and, for each pair of devices and direction, the first transfer that meets
// another one than its own, since they meet in order. Expects an order in which CheckOrder finds
// nothing. `name_cell` is how messages call a cell of a device.
GivenTransfersReport CheckGivenTransfers(const CsvOrder& csv, const OrderIndex& index,
                                         const std::function<std::string(int device, int cell)>& name_cell);

// The order with its own transfers as a program of which only the lanes and waits are right: it has no slots, Loads or
// Steps, for FindDeadlocks and nothing else. Each compute instruction waits for the Recv of what it reads.
struct GivenProgram {
  Program program;
  std::vector<std::vector<int32_t>> cells;        // [device][instruction]: of its row
  std::vector<std::vector<std::string>> letters;  // [device][instruction]: as in the file
};

// Expects what CheckGivenTransfers finds nothing in.
GivenProgram LowerAsGiven(const CsvOrder& csv);

}  // namespace baton

#endif  // BATON_SCHEDULES_VERIFY_GIVEN_TRANSFERS_H_
