#include "ops/host/threads.h"

#include <omp.h>

namespace baton {

// Debian's oneDNN takes its threads from OpenMP, whose number is an attribute of the calling thread.
void SetHostThreads(int threads) { omp_set_num_threads(threads); }

}  // namespace baton
