// Jobs that cannot be read, and what is said of them.
#include "runtime/job/job_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "absl/strings/match.h"

namespace baton {
namespace {

TEST_CASE("a job in text format is read as it stands") {
  const auto job = ParseJob(R"(
    name: "gpt_host"
    model { gpt2 { layers: 8 width: 128 heads: 4 context: 128 vocabulary: 256 } }
    data { text: "/usr/share/common-licenses/*" tokenizer: "bytes" held_out: 0.05 }
    batch { sequences: 16 micro_batches: 8 }
    pipeline { stages: 4 schedule: "1f1b" split { layers: [2, 2, 2, 2] } }
    optimizer { adamw { learning_rate: 1e-3 weight_decay: 0.1 } clip_norm: 1.0 warmup_steps: 20 decay: COSINE }
    run { steps: 300 seed: 1 log_every: 10 evaluate_every: 100 }
    devices { backend: HOST threads_each: 1 })",
                            "gpt.textproto");
  REQUIRE(job.ok());
  CHECK(job->model().gpt2().width() == 128);
  CHECK(job->data().text() == "/usr/share/common-licenses/*");
  CHECK(job->pipeline().split().layers_size() == 4);
  CHECK(job->optimizer().adamw().learning_rate() == 1e-3);
  CHECK(job->optimizer().decay() == proto::Optimizer::COSINE);
  CHECK_FALSE(job->pipeline().has_chunks_per_device());
  CHECK_FALSE(job->devices().has_count());
}

struct Mistake {
  std::string text;
  std::string message;
};

TEST_CASE("an error names its line and column") {
  const Mistake mistake = GENERATE(
      Mistake{"name: \"a\"\n\npipeline {   stage: 4 }",
              "gpt.textproto:3:14: Pipeline has no field \"stage\"; did you mean \"stages\"?"},
      Mistake{"bach { sequences: 4 }", "gpt.textproto:1:1: a job has no field \"bach\"; did you mean \"batch\"?"},
      Mistake{"run {\n\t\tstep: 4\n}", "gpt.textproto:2:3: Run has no field \"step\"; did you mean \"steps\"?"},
      Mistake{"optimizer { warmup: 4 }",
              "gpt.textproto:1:13: Optimizer has no field \"warmup\"; did you mean \"warmup_steps\"?"},
      Mistake{"batch { frobnicate: 4 }",
              "gpt.textproto:1:9: Batch has no field \"frobnicate\"; its fields are sequences, micro_batches, ramp, "
              "sum_groups"},
      Mistake{"\tbatch {\tsequences:\t\"x\" }", "gpt.textproto:1:21: Expected integer, got: \"x\""},
      Mistake{"\xff\xfe\x01",
              "gpt.textproto:1:1: a byte that is not ASCII stands outside of a string; a job is protobuf text"},
      Mistake{"\x01", "gpt.textproto:1:1: a control character stands outside of a string; a job is protobuf text"},
      Mistake{"optimizer { decay: COSIN }", "gpt.textproto:1:20: decay: COSIN is not one of CONSTANT, LINEAR, COSINE"},
      Mistake{"devices { backend: TPU }", "gpt.textproto:1:20: backend: TPU is not one of HOST, CUDA"});
  const auto job = ParseJob(mistake.text, "gpt.textproto");
  CHECK(job.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(job.status().message() == mistake.message);
}

TEST_CASE("other mistakes of syntax are refused with a place") {
  const std::string text =
      GENERATE("batch { sequences: \"x\" }", "batch { sequences: 99999999999 }", "batch { sequences: 4", "batch }",
               "name: 'open", "run { steps: 1 steps: 2 }", "model { mlp {} gpt2 {} }", "data { held_out: few }", "\x01",
               "name: \"\\", "run { seed: -1 }");
  INFO(text);
  const auto job = ParseJob(text, "bad");
  CHECK(job.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StartsWith(job.status().message(), "bad:1:"));
}

TEST_CASE("text nested without end is refused, not followed") {
  std::string text = "model { ";
  for (int i = 0; i < 100000; ++i) text += "layer { residual { ";
  const auto job = ParseJob(text, "deep");
  CHECK(job.status().code() == absl::StatusCode::kInvalidArgument);
}

TEST_CASE("nothing is printed about a mistake") {
  std::fflush(stderr);
  const int original = dup(2);
  std::FILE* capture = std::tmpfile();
  REQUIRE(capture != nullptr);
  dup2(fileno(capture), 2);
  const bool ok = ParseJob("frobnicate: 1", "bad").ok();
  std::fflush(stderr);
  dup2(original, 2);
  close(original);
  CHECK_FALSE(ok);
  std::fseek(capture, 0, SEEK_END);
  CHECK(std::ftell(capture) == 0);
  std::fclose(capture);
}

TEST_CASE("files") {
  const std::string folder = std::string(std::getenv("TEST_TMPDIR"));
  const std::string path = folder + "/good.textproto";
  std::ofstream(path) << "name: \"from a file\"";
  const auto job = ReadJob(path);
  REQUIRE(job.ok());
  CHECK(job->name() == "from a file");

  const auto none = ReadJob(folder + "/none.textproto");
  CHECK(none.status().code() == absl::StatusCode::kNotFound);
  CHECK(absl::StrContains(none.status().message(), "/none.textproto"));
  CHECK(ReadJob(folder).status() == absl::InvalidArgumentError("job file " + folder + " is a folder"));
  CHECK(ReadJob("").status() == absl::InvalidArgumentError("the name of the job file is empty"));
  std::ofstream(folder + "/empty.textproto").flush();
  CHECK(ReadJob(folder + "/empty.textproto").status() ==
        absl::InvalidArgumentError("job file " + folder + "/empty.textproto is empty"));
}

}  // namespace
}  // namespace baton
