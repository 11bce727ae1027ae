// The options of a job's search. Used by runtime/planning and tools/baton.
#ifndef BATON_RUNTIME_JOB_SEARCH_OPTIONS_H_
#define BATON_RUNTIME_JOB_SEARCH_OPTIONS_H_

#include "proto/job.pb.h"
#include "schedules/search/search.h"

namespace baton {

// Unset fields get the defaults of proto/job.proto. No progress is reported.
SearchOptions SearchOptionsOf(const proto::Search& search);

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_SEARCH_OPTIONS_H_
