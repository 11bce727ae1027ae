// Jobs to resolve, right and wrong. Used by the tests of the resolve_*.cc files.
#ifndef BATON_RUNTIME_JOB_TESTING_JOBS_H_
#define BATON_RUNTIME_JOB_TESTING_JOBS_H_

#include <catch2/catch.hpp>
#include <string>

#include "absl/strings/str_split.h"
#include "proto/job.pb.h"
#include "runtime/job/job_file.h"
#include "runtime/job/overrides.h"
#include "runtime/job/resolve.h"

namespace baton {

inline constexpr char kGpt[] = R"(
  name: "gpt"
  model { gpt2 { layers: 8 width: 128 heads: 4 context: 128 vocabulary: 256 } }
  data { text: "text/*.txt" held_out: 0.05 }
  batch { sequences: 16 micro_batches: 8 }
  pipeline { stages: 4 }
  run { steps: 300 })";

inline constexpr char kMlp[] = R"(
  model { mlp { sizes: [784, 512, 256, 10] } }
  data { clusters {} }
  batch { sequences: 12 }
  run { steps: 5 })";

inline constexpr char kLayers[] = R"(
  model { inputs: 64 layer { linear { outputs: 32 } } layer { layer_norm {} } layer { gelu {} }
          layer { residual { layer { linear { outputs: 16 } } layer { linear { outputs: 32 activation: RELU } } } }
          layer { linear { outputs: 4 } } layer { relu {} } }
  data { clusters {} }
  batch { sequences: 12 }
  run { steps: 5 })";

// `text` with the assignments of `overrides`, separated by ';'.
inline proto::Job Make(const std::string& text, const std::string& overrides) {
  auto job = ParseJob(text, "test");
  INFO(job.status());
  REQUIRE(job.ok());
  for (const auto& assignment : absl::StrSplit(overrides, ';', absl::SkipEmpty())) {
    const absl::Status status = ApplyOverride(*job, assignment);
    INFO(status);
    REQUIRE(status.ok());
  }
  return *job;
}

// A job that ResolveJob refuses with `message`.
struct Wrong {
  const char* text;
  std::string overrides;
  std::string message;
};

inline void CheckWrong(const Wrong& wrong) {
  INFO(wrong.overrides);
  const auto job = ResolveJob(Make(wrong.text, wrong.overrides));
  CHECK(job.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(job.status().message() == wrong.message);
}

}  // namespace baton

#endif  // BATON_RUNTIME_JOB_TESTING_JOBS_H_
