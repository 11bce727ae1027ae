// Every example resolves, with the sizes that its comments give.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/job/job_file.h"
#include "runtime/job/resolve.h"

namespace baton {
namespace {

struct Example {
  std::string name;
  int64_t layers;
  int stages;
  std::string schedule;
  int64_t classes;
};

TEST_CASE("examples resolve") {
  const Example example =
      GENERATE(Example{"gpt_host", 8, 4, "1f1b", 256}, Example{"two_shards", 8, 2, "gpipe", 8},
               Example{"ten_layers", 10, 2, "1f1b", 10}, Example{"mlp_three_devices", 3, 3, "1f1b", 10},
               Example{"four_devices", 8, 4, "naive", 512}, Example{"two_nodes", 32, 16, "1f1b", 50304},
               Example{"gpt2_124m", 12, 1, "1f1b", 50304}, Example{"gpt2_124m_four_stages", 12, 4, "1f1b", 50304},
               Example{"gpt2_hugging_face", 12, 2, "zb-h1", 50257}, Example{"llama_small", 4, 2, "zb-h1", 256},
               Example{"gpt3_175b", 96, 16, "interleaved", 51200}, Example{"tensor_two_halves", 2, 1, "1f1b", 10},
               Example{"gpt2_1558m", 48, 1, "1f1b", 50304}, Example{"gpt2_1558m_four_stages", 48, 4, "1f1b", 50304});
  INFO(example.name);
  const auto job = ReadJob("examples/" + example.name + ".textproto");
  INFO(job.status());
  REQUIRE(job.ok());
  const auto resolved = ResolveJob(*job);
  INFO(resolved.status());
  REQUIRE(resolved.ok());
  CHECK(resolved->name() == example.name);
  CHECK(NumLayers(*resolved) == example.layers);
  CHECK(resolved->pipeline().stages() == example.stages);
  CHECK(resolved->devices().count() ==
        example.stages * resolved->parallel().replicas() * resolved->parallel().tensor());
  CHECK(resolved->pipeline().schedule() == example.schedule);
  CHECK(NumClasses(*resolved) == example.classes);
}

}  // namespace
}  // namespace baton
