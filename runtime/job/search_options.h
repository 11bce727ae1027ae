// The search that a job asks for. Used by tools/baton and runtime/train, which compile.
#ifndef BATON_RUNTIME_JOB_SEARCH_OPTIONS_H_
#define BATON_RUNTIME_JOB_SEARCH_OPTIONS_H_

#include "proto/job.pb.h"
#include "schedules/search/search.h"

namespace baton {

// Without progress. What is not set is as proto/job.proto says.
SearchOptions SearchOptionsOf(const proto::Search& search);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_SEARCH_OPTIONS_H_
