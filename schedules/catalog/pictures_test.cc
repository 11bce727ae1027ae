// Goldens: a small picture of every schedule, compared whole. Columns are time at F = I = W = 1 (B = 2, drawn
// `0B0----`) with transfers that take none; `.` is an idle device.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "schedules/catalog/catalog.h"
#include "schedules/catalog/testing/replay.h"

namespace baton {
namespace {

struct Golden {
  const char* name;
  OrderRequest request;
  const char* picture;
};

const Golden kGoldens[] = {
    {"naive", {3, 2}, R"(
0F0 .   .   .   .   .   .   0B0---- 0F1 .   .   .   .   .   .   0B1----
.   1F0 .   .   .   1B0---- .   .   .   1F1 .   .   .   1B1----
.   .   2F0 2B0---- .   .   .   .   .   .   2F1 2B1----
)"},
    {"gpipe", {3, 3}, R"(
0F0 0F1 0F2 .   .   .   .   .   .   0B0---- 0B1---- 0B2----
.   1F0 1F1 1F2 .   .   .   1B0---- 1B1---- 1B2----
.   .   2F0 2F1 2F2 2B0---- 2B1---- 2B2----
)"},
    {"1f1b", {3, 4}, R"(
0F0 0F1 0F2 .   .   .   .   0B0---- 0F3 0B1---- .   0B2---- .   0B3----
.   1F0 1F1 .   .   1B0---- 1F2 1B1---- 1F3 1B2---- .   1B3----
.   .   2F0 2B0---- 2F1 2B1---- 2F2 2B2---- 2F3 2B3----
)"},
    {"eager-1f1b", {3, 4}, R"(
0F0 0F1 0F2 0F3 .   .   .   0B0---- .   0B1---- .   0B2---- .   0B3----
.   1F0 1F1 1F2 .   1B0---- 1F3 1B1---- .   1B2---- .   1B3----
.   .   2F0 2B0---- 2F1 2B1---- 2F2 2B2---- 2F3 2B3----
)"},
    {"interleaved", {2, 4, 2}, R"(
0F0 0F1 2F0 2F1 0F2 .   2B0---- 0F3 2B1---- 2F2 0B0---- 2F3 0B1---- .   2B2---- .   2B3---- 0B2---- 0B3----
.   1F0 1F1 3F0 3B0---- 3F1 3B1---- 1F2 1B0---- 1F3 1B1---- 3F2 3B2---- 3F3 3B3---- 1B2---- 1B3----
)"},
    {"interleaved", {2, 3, 2}, R"(
0F0 0F1 0F2 2F0 2F1 2F2 .   2B0---- .   2B1---- .   2B2---- 0B0---- 0B1---- 0B2----
.   1F0 1F1 1F2 3F0 3B0---- 3F1 3B1---- 3F2 3B2---- 1B0---- 1B1---- 1B2----
)"},
    {"looped-bfs", {2, 3, 2}, R"(
0F0 0F1 0F2 2F0 2F1 2F2 .   .   .   2B0---- 2B1---- 2B2---- 0B0---- 0B1---- 0B2----
.   1F0 1F1 1F2 3F0 3F1 3F2 3B0---- 3B1---- 3B2---- 1B0---- 1B1---- 1B2----
)"},
    {"zb-h1", {3, 4}, R"(
0F0 0F1 0F2 .   .   0I0 0W0 0F3 0I1 0W1 0I2 0W2 0I3 0W3
.   1F0 1F1 .   1I0 1F2 1I1 1W0 1F3 1I2 1W1 1I3 1W2 1W3
.   .   2F0 2I0 2F1 2I1 2F2 2I2 2W0 2F3 2I3 2W1 2W2 2W3
)"},
    {"zb-h2", {3, 5}, R"(
0F0 0F1 0F2 0F3 0F4 0I0 0W0 0I1 0W1 0I2 0W2 0I3 0W3 0I4 0W4
.   1F0 1F1 1F2 1I0 1F3 1I1 1F4 1I2 1W0 1I3 1W1 1I4 1W2 1W3 1W4
.   .   2F0 2I0 2F1 2I1 2F2 2I2 2F3 2I3 2F4 2I4 2W0 2W1 2W2 2W3 2W4
)"},
    {"zb-v", {3, 5}, R"(
0F0 0F1 0F2 0F3 0F4 5F0 5I0 5W0 5F1 5I1 5W1 5F2 5I2 0I0 5W2 0W0 5F3 5I3 0I1 5W3 0W1 5F4 5I4 0I2 5W4 0I3 0W2 0I4 0W3 0W4
.   1F0 1F1 1F2 4F0 1F3 4F1 4I0 4W0 4F2 4I1 1I0 4W1 1F4 1W0 4F3 4I2 1I1 4W2 1W1 4F4 4I3 1I2 4I4 1I3 4W3 1I4 1W2 4W4 1W3 1W4
.   .   2F0 3F0 2F1 3F1 2F2 3F2 3I0 2I0 3W0 2F3 2W0 3F3 3I1 2I1 3W1 2F4 2W1 3F4 3I2 2I2 3I3 2I3 3I4 2I4 3W2 2W2 3W3 2W3 3W4 2W4
)"},
    {"zb-v", {3, 2}, R"(
0F0 0F1 .   .   .   5F0 5I0 5F1 5I1 5W0 5W1 0I0 0W0 0I1 0W1
.   1F0 1F1 .   4F0 .   4F1 4I0 4W0 4I1 1I0 4W1 1I1 1W0 1W1
.   .   2F0 3F0 2F1 3F1 .   .   3I0 2I0 3I1 2I1 3W0 2W0 3W1 2W1
)"},
    {"v-half", {3, 4}, R"(
0F0 0F1 .   .   .   5F0 5I0 0F2 5W0 5F1 5I1 5W1 0I0 0F3 0W0 5F2 5I2 5W2 0I1 0W1 .   5F3 5I3 0I2 5W3 0W2 .   0I3 0W3
.   1F0 .   .   4F0 1F1 .   4I0 4F1 4W0 1F2 1I0 4I1 1W0 4F2 4W1 1F3 1I1 4I2 1W1 4F3 4W2 1I2 4I3 1W2 4W3 1I3 1W3
.   .   2F0 3F0 .   .   2F1 3F1 3I0 2I0 3W0 2F2 2W0 3F2 3I1 2I1 3W1 2F3 2W1 3F3 3I2 2I2 3W2 2W2 3I3 2I3 3W3 2W3
)"},
    {"v-min", {3, 4}, R"(
0F0 .   .   .   .   5F0 0F1 5I0 5W0 .   .   5F1 0F2 0I0 5I1 0W0 5W1 5F2 0F3 0I1 5I2 0W1 5W2 5F3 .   0I2 5I3 0W2 5W3 .   .   0I3 0W3
.   1F0 .   .   4F0 .   .   1F1 4I0 4W0 4F1 .   1I0 1F2 1W0 4I1 4F2 4W1 1I1 1F3 1W1 4I2 4F3 4W2 1I2 1W2 .   4I3 4W3 .   1I3 1W3
.   .   2F0 3F0 .   .   .   .   2F1 3F1 3I0 2I0 3W0 2W0 2F2 3F2 3I1 2I1 3W1 2W1 2F3 3F3 3I2 2I2 3W2 2W2 .   .   3I3 2I3 3W3 2W3
)"},
    {"wave", {2, 3, 2}, R"(
0F0 0F1 .   3F0 3B0---- 0F2 3F1 3B1---- 0B0---- 3F2 3B2---- .   0B1---- .   .   0B2----
.   1F0 2F0 1F1 2F1 .   2B0---- 1B0---- 1F2 2F2 2B1---- 1B1---- 2B2---- 1B2----
)"},
    {"wave", {2, 2, 3}, R"(
0F0 0F1 .   3F0 4F0 3F1 4F1 .   4B0---- 3B0---- 4B1---- 3B1---- 0B0---- .   .   0B1----
.   1F0 2F0 1F1 2F1 5F0 5B0---- 5F1 5B1---- .   2B0---- 1B0---- 2B1---- 1B1----
)"},
    {"dualpipe-v", {2, 5}, R"(
0F0 0F1 0F2 3F0 3I0 3W0 3F1 0F3 3B1---- 3F2 0B0---- 0F4 3B2---- 3F3 0B1---- 3B3---- 3F4 .   0B2---- 3B4---- 0I3 0W3 0I4 0W4
.   1F0 2F0 1F1 2F1 1F2 2B0---- 2F2 1B0---- 1F3 2B1---- 2F3 1B1---- 1F4 2B2---- 2F4 1B2---- 2B3---- 1B3---- 2I4 1I4 2W4 1W4
)"},
    {"dualpipe-v", {2, 2}, R"(
0F0 0F1 .   3F0 3I0 3W0 3F1 3B1---- 0B0---- .   .   0B1----
.   1F0 2F0 1F1 2F1 2B0---- 1B0---- 2B1---- 1B1----
)"},
};

TEST_CASE("schedules look like their pictures") {
  for (const Golden& golden : kGoldens) {
    INFO(golden.name << " p=" << golden.request.num_stages << " m=" << golden.request.num_micro_batches);
    auto order = MakeOrder(golden.name, golden.request);
    REQUIRE(order.ok());
    // The picture starts on a line of its own in this file.
    CHECK("\n" + Picture(*order) == golden.picture);
  }
}

TEST_CASE("every schedule has a picture") {
  for (const ScheduleInfo& info : Catalog()) {
    if (info.has_replicas) continue;  // those are in bidirectional_test
    INFO(info.name);
    CHECK(std::any_of(std::begin(kGoldens), std::end(kGoldens),
                      [&](const Golden& golden) { return golden.name == info.name; }));
  }
}

}  // namespace
}  // namespace baton
