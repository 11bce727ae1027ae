// The backends that run on any machine.
#include "ops/host/host_backend.h"
#include "tests/conformance/backends.h"

namespace baton {

std::vector<BackendUnderTest> BackendsUnderTest() {
  std::vector<BackendUnderTest> backends;
  for (int threads : {1, 3}) {
    HostOptions options;
    options.threads = threads;
    backends.push_back(
        InOwnMemory(threads == 1 ? "host" : "host, three threads", std::make_shared<HostBackend>(options)));
    if (!HostHasBFloat16()) continue;
    options.products = DataType::kBFloat16;
    backends.push_back(InOwnMemory(threads == 1 ? "host, bf16 products" : "host, three threads, bf16 products",
                                   std::make_shared<HostBackend>(options)));
    backends.back().multiplies_exactly = false;
  }
  return backends;
}

}  // namespace baton
