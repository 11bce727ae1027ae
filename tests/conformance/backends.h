// The backends that the conformance suite runs for. Each test is built once with each of the files that define
// BackendsUnderTest, since a program can link CUDA or its stand-in but not both.
#ifndef BATON_TESTS_CONFORMANCE_BACKENDS_H_
#define BATON_TESTS_CONFORMANCE_BACKENDS_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "ops/backend.h"

namespace baton {

// A backend and the memory that both it and the test can touch.
struct BackendUnderTest {
  std::string name;
  std::shared_ptr<Backend> backend;
  std::function<std::byte*(Bytes)> allocate;  // kBufferAlignment-aligned
  std::function<void(std::byte*)> release;
  std::function<void()> synchronize;  // returns when all that was enqueued on stream() is done
  KernelStream stream;
  bool checks_ids = true;          // ids out of range are errors; else they make outputs and losses NaN
  bool multiplies_exactly = true;  // products do not round their factors
};

std::ostream& operator<<(std::ostream& out, const BackendUnderTest& under_test);

// All of one kind that this machine can run: host_backends.cc, cuda_backends.cc or cuda_stand_in_backends.cc.
std::vector<BackendUnderTest> BackendsUnderTest();

// The oracle; computes in the type of its input, and embeds into `type`.
BackendUnderTest ReferenceUnderTest(DataType type = DataType::kFloat32);

// For a backend that computes in the process's own memory before a call returns.
BackendUnderTest InOwnMemory(const std::string& name, std::shared_ptr<Backend> backend);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_BACKENDS_H_
