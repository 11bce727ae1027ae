// All schedules over many sizes and costs, from name to report, for the tests of this folder.
#ifndef BATON_TESTS_PROPERTY_CATALOG_GRID_H_
#define BATON_TESTS_PROPERTY_CATALOG_GRID_H_

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "schedules/analyze/analysis.h"
#include "schedules/catalog/catalog.h"
#include "schedules/costs/costs.h"
#include "schedules/program/program.h"
#include "schedules/program/transport_model.h"
#include "schedules/trace/trace.h"

namespace baton {

struct Case {
  std::string schedule;
  int p;          // stages
  int m;          // micro-batches
  int v;          // chunks per device
  int group = 0;  // micro_batch_group
};

// As "zb-v p=4 m=8 v=2".
std::string ToString(const Case& which);

// Calls `check` for each schedule, the searched ones included, with each of the sizes, with 1 to 4 chunks per device if
// it takes them, and with several groups if it has groups.
void ForEachCase(const std::vector<int>& stages, const std::vector<int>& micro_batches,
                 const std::function<void(const Case&)>& check);

struct Outcome {
  Program program;
  Trace trace;
  StepReport report;
};

// Compiles (which proves), simulates and analyzes; fails the test if one of these fails.
Outcome Run(const Case& which, const CostModel& costs, const TransportModel& transport = {});
Trace MustSimulate(const Program& program, const CostModel& costs);

// Equal chunks. The times are those of a device's whole share of the layers; v must divide them.
CostModel EqualCosts(const Case& which, Nanos forward_ns, Nanos backward_input_ns, Nanos backward_weight_ns,
                     Nanos transfer_ns = 0);

// Different chunks, some passes of which take no time. Transfers take no time in a quarter of the cases, else up to
// twice the time of a pass.
CostModel RandomCosts(const Case& which, std::mt19937& random);

// Pointers to all times of a cost model, for changing one at a time.
std::vector<Nanos*> TimesOf(CostModel& costs);

// The peak number of micro-batches whose activations are live on the fullest device.
double PeakMicroBatches(const StepReport& report);

}  // namespace baton

#endif  // BATON_TESTS_PROPERTY_CATALOG_GRID_H_
