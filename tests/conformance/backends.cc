// The list; a new backend is a line here.
#include "tests/conformance/backends.h"

#include <cstdlib>
#include <utility>

#include "ops/host/host_backend.h"
#include "ops/reference/reference_backend.h"

namespace baton {
namespace {

// For a backend that computes in the process's own memory before a call returns.
BackendUnderTest InOwnMemory(std::shared_ptr<Backend> backend) {
  return {std::move(backend),
          [](Bytes bytes) { return static_cast<std::byte*>(std::aligned_alloc(kBufferAlignment, AlignUp(bytes))); },
          [](std::byte* memory) { std::free(memory); }, [] {}, KernelStream{}};
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const BackendUnderTest& under_test) {
  return out << under_test.backend->name();
}

std::vector<BackendUnderTest> BackendsUnderTest() { return {InOwnMemory(std::make_shared<HostBackend>())}; }

BackendUnderTest ReferenceUnderTest(DataType type) { return InOwnMemory(std::make_shared<ReferenceBackend>(type)); }

}  // namespace baton
