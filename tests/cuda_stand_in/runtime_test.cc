// The stand-in of the CUDA runtime finds the faults that stand_in.h promises to find.
#include <cuda_runtime_api.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/cuda_stand_in/stand_in.h"
#include "tests/cuda_stand_in/stream_queue.h"

namespace baton::stand_in {
namespace {

struct Streams {
  Streams() {
    ResetMachine();
    for (cudaStream_t& stream : streams) REQUIRE(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking) == 0);
    for (cudaEvent_t& event : events) REQUIRE(cudaEventCreateWithFlags(&event, cudaEventDefault) == 0);
  }
  ~Streams() {
    ResetMachine();
    for (cudaStream_t stream : streams) cudaStreamDestroy(stream);
    for (cudaEvent_t event : events) cudaEventDestroy(event);
  }
  cudaStream_t streams[3];
  cudaEvent_t events[3];
};

// The orders, over many seeds, in which one stream's 'a' and the other's 'b' run.
std::set<std::string> Orders(Streams& s, bool waits) {
  std::set<std::string> orders;
  for (int seed = 0; seed < 50; ++seed) {
    SetWorkOrder(seed);
    std::string order;
    Enqueue(s.streams[0], [&] { order += 'a'; });
    cudaEventRecord(s.events[0], s.streams[0]);
    if (waits) cudaStreamWaitEvent(s.streams[1], s.events[0], 0);
    Enqueue(s.streams[1], [&] { order += 'b'; });
    cudaStreamSynchronize(s.streams[0]);
    cudaStreamSynchronize(s.streams[1]);
    orders.insert(order);
  }
  return orders;
}

TEST_CASE("stand-in: without a wait both orders occur, with a wait only one") {
  Streams s;
  CHECK(Orders(s, /*waits=*/false) == std::set<std::string>{"ab", "ba"});
  CHECK(Orders(s, /*waits=*/true) == std::set<std::string>{"ab"});
}

TEST_CASE("stand-in: work may run as late as something waits for it") {
  Streams s;
  int late = 0;
  for (int seed = 0; seed < 20; ++seed) {
    SetWorkOrder(seed);
    bool ran = false;
    Enqueue(s.streams[0], [&] { ran = true; });
    late += !ran;
    cudaStreamSynchronize(s.streams[0]);
    CHECK(ran);
  }
  CHECK(late > 0);
}

TEST_CASE("stand-in: a wait for an event that was not recorded returns at once, as in CUDA") {
  Streams s;
  CHECK(cudaStreamWaitEvent(s.streams[1], s.events[0], 0) == cudaSuccess);
  CHECK(cudaEventQuery(s.events[0]) == cudaSuccess);
}

TEST_CASE("stand-in: events measure the time between their records") {
  Streams s;
  float milliseconds = -1;
  CHECK(cudaEventElapsedTime(&milliseconds, s.events[0], s.events[1]) == cudaErrorInvalidResourceHandle);
  cudaEventRecord(s.events[0], s.streams[0]);
  cudaEventRecord(s.events[1], s.streams[0]);
  cudaStreamSynchronize(s.streams[0]);
  CHECK(cudaEventElapsedTime(&milliseconds, s.events[0], s.events[1]) == cudaSuccess);
  CHECK(milliseconds >= 0);
}

TEST_CASE("stand-in: memory is poisoned, and writing past its end is a sticky fault") {
  Streams s;
  void* memory = nullptr;
  REQUIRE(cudaMalloc(&memory, 1'000) == cudaSuccess);
  unsigned char first = 0;
  REQUIRE(cudaMemcpy(&first, memory, 1, cudaMemcpyDeviceToHost) == cudaSuccess);
  CHECK(first == 0xff);
  CHECK(cudaMemcpyAsync(memory, &first, 1'001, cudaMemcpyHostToDevice, s.streams[0]) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(memory, 0, 1'001, s.streams[0]) == cudaSuccess);
  CHECK(cudaStreamSynchronize(s.streams[0]) == cudaErrorIllegalAddress);
  CHECK(cudaMemset(memory, 0, 1) == cudaErrorIllegalAddress);
  CHECK_FALSE(LastFault().empty());
  ResetMachine();
}

TEST_CASE("stand-in: each launch of a graph runs the captured work in the order of its events") {
  Streams s;
  std::string order;
  REQUIRE(cudaStreamBeginCapture(s.streams[0], cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  Enqueue(s.streams[0], [&] { order += 'a'; });
  cudaEventRecord(s.events[0], s.streams[0]);
  cudaStreamWaitEvent(s.streams[1], s.events[0], 0);
  Enqueue(s.streams[1], [&] { order += 'b'; });
  cudaEventRecordWithFlags(s.events[2], s.streams[1], cudaEventRecordExternal);
  cudaEventRecord(s.events[1], s.streams[1]);
  cudaStreamWaitEvent(s.streams[0], s.events[1], 0);
  Enqueue(s.streams[0], [&] { order += 'c'; });
  cudaGraph_t graph = nullptr;
  REQUIRE(cudaStreamEndCapture(s.streams[0], &graph) == cudaSuccess);
  CHECK(order.empty());
  cudaGraphExec_t executable = nullptr;
  REQUIRE(cudaGraphInstantiate(&executable, graph, 0) == cudaSuccess);
  cudaGraphDestroy(graph);
  CHECK(NumNodesOfLastGraph() == 4);
  for (int launch = 0; launch < 3; ++launch) CHECK(cudaGraphLaunch(executable, s.streams[2]) == cudaSuccess);
  CHECK(cudaStreamSynchronize(s.streams[2]) == cudaSuccess);
  CHECK(order == "abcabcabc");
  CHECK(cudaEventQuery(s.events[2]) == cudaSuccess);
  CHECK(cudaEventQuery(s.events[1]) == cudaErrorCapturedEvent);
  cudaGraphExecDestroy(executable);
}

TEST_CASE("stand-in: calls that invalidate a capture") {
  Streams s;
  cudaEventRecord(s.events[0], s.streams[1]);
  REQUIRE(cudaStreamBeginCapture(s.streams[0], cudaStreamCaptureModeThreadLocal) == cudaSuccess);
  cudaError_t expected = cudaErrorStreamCaptureInvalidated;
  SECTION("waiting for an event from outside") {
    CHECK(cudaStreamWaitEvent(s.streams[0], s.events[0], 0) == cudaErrorStreamCaptureIsolation);
  }
  SECTION("synchronising") { CHECK(cudaDeviceSynchronize() == cudaErrorStreamCaptureUnsupported); }
  SECTION("querying a stream") { CHECK(cudaStreamQuery(s.streams[0]) == cudaErrorStreamCaptureUnsupported); }
  SECTION("allocating") {
    void* memory = nullptr;
    CHECK(cudaMalloc(&memory, 1) == cudaErrorStreamCaptureUnsupported);
  }
  SECTION("the default stream") { CHECK(cudaMemsetAsync(nullptr, 0, 0, nullptr) == cudaErrorStreamCaptureImplicit); }
  SECTION("a stream that does not join again") {
    cudaEventRecord(s.events[1], s.streams[0]);
    cudaStreamWaitEvent(s.streams[1], s.events[1], 0);
    Enqueue(s.streams[1], [] {});
    expected = cudaErrorStreamCaptureUnjoined;
  }
  cudaGraph_t graph = nullptr;
  CHECK(cudaStreamEndCapture(s.streams[0], &graph) == expected);
  CHECK(graph == nullptr);
}

TEST_CASE("stand-in: events and streams belong to a GPU; without a GPU, calls fail") {
  Streams s;
  SetNumGpus(2);
  REQUIRE(cudaSetDevice(1) == cudaSuccess);
  cudaStream_t other = nullptr;
  REQUIRE(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking) == cudaSuccess);
  CHECK(cudaEventRecord(s.events[0], other) == cudaErrorInvalidResourceHandle);
  CHECK(cudaSetDevice(2) == cudaErrorInvalidDevice);
  Enqueue(s.streams[0], [] {});  // a stream of GPU 0, while GPU 1 is current
  CHECK_FALSE(LastFault().empty());
  ResetMachine();
  cudaStreamDestroy(other);
  REQUIRE(cudaSetDevice(0) == cudaSuccess);
  SetNumGpus(0);
  int count = 7;
  CHECK(cudaGetDeviceCount(&count) == cudaErrorNoDevice);
  CHECK(count == 0);
  SetNumGpus(1);
}

}  // namespace
}  // namespace baton::stand_in
