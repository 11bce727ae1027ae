// Scopes report what is enqueued inside them, once.
#include "base/kernel_observer.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace baton {
namespace {

class Recorder final : public KernelObserver {
 public:
  Recorder() { kernel_observer = this; }
  ~Recorder() override { kernel_observer = nullptr; }
  void* Begin(void* stream) override {
    calls.push_back(stream == &here ? "begin" : "begin elsewhere");
    return &calls;
  }
  void End(void* stream, void* begun, KernelWork work) override {
    calls.push_back(stream == &here && begun == &calls ? "end " + work.kernel : "end elsewhere");
  }

  std::vector<std::string> calls;
  int here = 0;
};

KernelWork Named(const char* kernel) { return {kernel, "", 1, 2}; }

}  // namespace

TEST_CASE("without an observer nothing is described") {
  bool described = false;
  {
    const KernelScope scope(nullptr, [&] {
      described = true;
      return Named("a");
    });
  }
  CHECK_FALSE(described);
}

TEST_CASE("the outermost scope reports, and the next one again") {
  Recorder recorder;
  {
    const KernelScope outer(&recorder.here, [] { return Named("outer"); });
    const KernelScope inner(&recorder.here, [] { return Named("inner"); });
  }
  {
    const KernelScope next(&recorder.here, [] { return Named("next"); });
  }
  CHECK(recorder.calls == std::vector<std::string>{"begin", "end outer", "begin", "end next"});
}

}  // namespace baton
