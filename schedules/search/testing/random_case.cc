// See random_case.h.
#include "schedules/search/testing/random_case.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace baton {

SearchCase RandomCase(int most_stages, int most_micro_batches, int most_chunks, std::mt19937& random) {
  const auto upto = [&random](int most) { return 1 + static_cast<int>(random() % static_cast<unsigned>(most)); };
  SearchCase which;
  which.request.num_stages = upto(most_stages);
  which.request.num_micro_batches = upto(most_micro_batches);
  which.request.chunks_per_device = upto(most_chunks);
  if (which.request.chunks_per_device == 2 && random() % 2 == 0) which.options.placement = Placement::kV;
  const int p = which.request.num_stages;
  const int v = which.request.chunks_per_device;
  const bool equal = random() % 4 == 0;
  for (int chunk = 0; chunk < p * v; ++chunk) {
    if (equal && chunk > 0) {
      which.costs.chunks.push_back(which.costs.chunks.front());
      continue;
    }
    ChunkCosts cost;
    cost.forward_ns = upto(20);
    cost.backward_input_ns = upto(20);
    cost.backward_weight_ns = upto(20);
    cost.update_ns = upto(6) - 1;
    cost.saved_bytes = 64 * (upto(4) - 1);
    cost.saved_weight_bytes = 64 * upto(4);
    which.costs.chunks.push_back(cost);
  }
  which.costs.load_ns = random() % 3 == 0 ? 2 : 0;
  if (random() % 2 == 0) {
    which.costs.transfer_ns = upto(8) - 1;
  } else {
    for (int chunk = 0; chunk < p * v; ++chunk) which.costs.link_ns.push_back(upto(12) - 1);
  }
  if (random() % 2 == 0) which.options.objective = Objective::kSpan;
  if (random() % 4 == 0) {
    which.options.limit.bytes = {64 * 8 * v * upto(p + 1)};
  } else {
    const bool each = random() % 3 == 0;
    for (int device = 0; device < (each ? p : 1); ++device) {
      which.options.limit.micro_batches.push_back(0.5 + 0.5 * upto(4 * p));
    }
  }
  if (random() % 2 == 0) which.options.limit.weight_fraction = 0.25 * (upto(5) - 1);
  which.options.moves = 100;
  which.options.seed = random();
  return which;
}

std::string ToString(const SearchCase& which) {
  return absl::StrCat("p=", which.request.num_stages, " m=", which.request.num_micro_batches,
                      " v=", which.request.chunks_per_device, which.options.placement == Placement::kV ? " V" : " loop",
                      which.options.objective == Objective::kSpan ? " span" : " makespan",
                      " limit=", absl::StrJoin(which.options.limit.micro_batches, ","),
                      absl::StrJoin(which.options.limit.bytes, ","),
                      " fraction=", which.options.limit.weight_fraction.value_or(-1));
}

std::string RefusalOf(const SearchCase& which) {
  const absl::Status status = Search(which.request, which.costs, which.options).status();
  return absl::IsInvalidArgument(status) ? std::string(status.message()) : status.ToString();
}

}  // namespace baton
