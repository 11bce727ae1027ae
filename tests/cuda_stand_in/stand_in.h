// The tests' control over the stand-in's machine.
//
// The stand-in is stricter than CUDA: work runs in a random order among those that streams and events allow, memory
// starts poisoned and is guarded at both ends, device memory can be closed to the host, and calls that are not allowed
// during capture are errors.
//
//   stand_in::ResetMachine();
//   stand_in::SetNumGpus(2);
//   ...                                       // the code under test
//   CHECK(stand_in::LastFault() == "");
#ifndef BATON_TESTS_CUDA_STAND_IN_STAND_IN_H_
#define BATON_TESTS_CUDA_STAND_IN_STAND_IN_H_

#include <cstdint>
#include <string>

namespace baton::stand_in {

// Removes faults and pending work; streams, events and memory stay. Thread contract: any thread, while nothing runs.
void ResetMachine();
// Sets the number of GPUs; 0: as without a driver. Initially 1.
void SetNumGpus(int count);
// Seeds the random order of work.
void SetWorkOrder(uint64_t seed);
// If `closed`, memory that cudaMalloc returns from now on is open to work on a GPU only: an access by the host ends the
// process, as on a machine with a GPU.
void CloseDeviceMemory(bool closed);

// Makes the n-th piece of work that is enqueued from now on, counted from 0, a fault. Negative: none.
void FailEnqueued(int64_t n);

// The objects that exist now, for tests of leaks.
int64_t NumStreams();
int64_t NumEvents();
int64_t NumAllocations();
// Bytes of cudaMalloc on all GPUs that are not freed.
int64_t DeviceBytes();
// The number of nodes of the graph that was instantiated last.
int64_t NumNodesOfLastGraph();
int64_t NumGraphLaunches();
// The first fault since ResetMachine; empty: none.
std::string LastFault();

}  // namespace baton::stand_in

#endif  // BATON_TESTS_CUDA_STAND_IN_STAND_IN_H_
