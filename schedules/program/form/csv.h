// Writes a program as a compute order in the form of PyTorch (torch.distributed.pipelining), for comparison. Used by
// `baton compile --format=csv`.
#ifndef BATON_SCHEDULES_PROGRAM_FORM_CSV_H_
#define BATON_SCHEDULES_PROGRAM_FORM_CSV_H_

#include <string>

#include "schedules/program/program.h"

namespace baton {

// One row a device, one cell an instruction in issue order: `<chunk><F|B|I|W><micro-batch>`, B for both halves of the
// backward pass, I for backward-input, W for backward-weight. `with_transfers` adds `2SEND_F3` (chunk 2's output),
// `2RECV_F3` (chunk 2's input), `2SEND_B3` and `2RECV_B3` (the gradients of chunk 2's input and output). Loads,
// AllReduces and Updates have no cell. A device without work has one empty cell. ReadCsv (schedules/order/read_csv.h)
// reads it back.
std::string WriteCsv(const Program& program, bool with_transfers);

}  // namespace baton

#endif  // BATON_SCHEDULES_PROGRAM_FORM_CSV_H_
