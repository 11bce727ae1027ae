// The backends that the conformance suite runs for. Each test is built once with each of the files that define
// BackendsUnderTest, since a program can link CUDA or its stand-in but not both.
#ifndef BATON_TESTS_CONFORMANCE_BACKENDS_H_
#define BATON_TESTS_CONFORMANCE_BACKENDS_H_

#include <functional>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "ops/backend.h"

namespace baton {

// A backend, and how to allocate memory that both the backend and the test can access.
struct BackendUnderTest {
  std::string name;
  std::shared_ptr<Backend> backend;
  std::function<std::byte*(Bytes)> allocate;  // kBufferAlignment-aligned
  std::function<void(std::byte*)> release;
  std::function<void()> synchronize;  // returns when all work enqueued on `stream` is done
  KernelStream stream;
  bool checks_ids = true;          // true: ids out of range are errors; false: they make outputs and losses NaN
  bool multiplies_exactly = true;  // products do not round their factors
  // The messages with which it refuses cases that it has no layer for. A case that is refused with another message, or
  // a message that no case gets any more, fails.
  std::set<std::string> refusals;
};

std::ostream& operator<<(std::ostream& out, const BackendUnderTest& under_test);

// The backends of one kind. Defined in host_backends.cc, cuda_backends.cc and cuda_stand_in_backends.cc.
std::vector<BackendUnderTest> BackendsUnderTest();

// The oracle. Computes in the type of its input; `type` is that of an embedding's output.
BackendUnderTest ReferenceUnderTest(DataType type = DataType::kFloat32);

// A backend that computes in the process's own memory and returns when its work is done.
BackendUnderTest InOwnMemory(const std::string& name, std::shared_ptr<Backend> backend);

}  // namespace baton

#endif  // BATON_TESTS_CONFORMANCE_BACKENDS_H_
