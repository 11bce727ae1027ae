// Schedules over many sizes and costs, from their name to the report, for the tests of this folder.
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
  int p;
  int m;
  int v;
  int group = 0;
};

// As "zb-v p=4 m=8 v=2".
std::string ToString(const Case& which);

// Each schedule of the catalog with each of the sizes, with 1 to 4 chunks where it takes them, and with several groups.
void ForEachCase(const std::vector<int>& stages, const std::vector<int>& micro_batches,
                 const std::function<void(const Case&)>& check);

struct Outcome {
  Program program;
  Trace trace;
  StepReport report;
};

// Compile (which proves), Simulate, Analyze; fails the test if one of them does.
Outcome Run(const Case& which, const CostModel& costs, const TransportModel& transport = {});
Trace MustSimulate(const Program& program, const CostModel& costs);

// Every chunk alike: a device's share takes the times given, which the chunks must divide.
CostModel EqualCosts(const Case& which, Nanos forward_ns, Nanos backward_input_ns, Nanos backward_weight_ns,
                     Nanos transfer_ns = 0);

// Every chunk different, some passes taking no time; transfers that take none in one case of four, else up to twice a
// pass.
CostModel RandomCosts(const Case& which, std::mt19937& random);

// The times of a cost model, to be changed one by one.
std::vector<Nanos*> TimesOf(CostModel& costs);

// The most micro-batches that a device holds.
double MostHeld(const StepReport& report);

}  // namespace baton

#endif  // BATON_TESTS_PROPERTY_CATALOG_GRID_H_
