// Orders as Python prints them: `{0: [0F0, 0F1, None], 1: [None, 1F0]}`, as schedule.pipeline_order of
// torch.distributed.pipelining, or a list of a device on each line. Used by ReadCsv.
#ifndef BATON_SCHEDULES_ORDER_PYTHON_LISTS_H_
#define BATON_SCHEDULES_ORDER_PYTHON_LISTS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Whether the first character of `text` that is not blank opens a list or a dictionary.
bool IsPythonLists(absl::string_view text);

// The rows of the lists in CSV form, each innermost list on a line of its own, in their order. None is an empty cell;
// the keys of a dictionary, which are the devices in ascending order, are left out. A list that is not closed is a row
// too.
std::string RowsOfPythonLists(absl::string_view text);

}  // namespace baton

#endif  // BATON_SCHEDULES_ORDER_PYTHON_LISTS_H_
