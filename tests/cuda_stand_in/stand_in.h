// How tests set up the stand-in's machine, and look at it.
//
// It is stricter than CUDA: work runs in a random order among what streams and events allow, memory starts poisoned and
// is guarded at both ends, device memory can be closed to the host, and what must not happen while a stream captures is
// an error.
#ifndef BATON_TESTS_CUDA_STAND_IN_STAND_IN_H_
#define BATON_TESTS_CUDA_STAND_IN_STAND_IN_H_

#include <cstdint>
#include <string>

namespace baton::stand_in {

// A machine as new: no fault, no work; streams, events and memory stay. Any thread; while nothing runs.
void ResetMachine();
// How many GPUs there are; 0: as without a driver. At the beginning one.
void SetNumGpus(int count);
// The orders of work follow from `seed`.
void SetWorkOrder(uint64_t seed);
// From now on, cudaMalloc gives memory that only work on a GPU can touch: the host's touch ends the process, as on a
// machine with a GPU.
void CloseDeviceMemory(bool closed);

// The n-th piece of work that is enqueued from now on, counted from 0, is a fault. Negative: none.
void FailEnqueued(int64_t n);

// What is there now, for tests that nothing leaks.
int64_t NumStreams();
int64_t NumEvents();
int64_t NumAllocations();
// Nodes of the graph that was instantiated last.
int64_t NumNodesOfLastGraph();
int64_t NumGraphLaunches();
// What ReportFault was told; empty if nothing.
std::string LastFault();

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_STAND_IN_H_
