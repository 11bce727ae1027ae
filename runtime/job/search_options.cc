// A job's search fields as options.
#include "runtime/job/search_options.h"

namespace baton {

SearchOptions SearchOptionsOf(const proto::Search& search) {
  SearchOptions options;
  options.objective = search.objective() == proto::Search::SPAN ? Objective::kSpan : Objective::kMakespan;
  options.placement = search.placement() == proto::Search::V ? Placement::kV : Placement::kLoop;
  options.limit.micro_batches.assign(search.activation_limit_micro_batches().begin(),
                                     search.activation_limit_micro_batches().end());
  options.limit.bytes.assign(search.activation_limit_bytes().begin(), search.activation_limit_bytes().end());
  options.limit.weight_fraction = search.has_weight_activation_fraction() ? search.weight_activation_fraction() : 1.0;
  if (search.has_moves()) options.moves = search.moves();
  options.seconds = search.seconds();
  if (search.has_seed()) options.seed = search.seed();
  options.exact = search.exact();
  if (search.has_exact_nodes()) options.exact_nodes = search.exact_nodes();
  return options;
}

}  // namespace baton
