// Jobs that name a folder of Hugging Face, and the jobs that they become.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "runtime/job/resolve.h"
#include "runtime/job/testing/jobs.h"

namespace baton {
namespace {

constexpr char kConfig[] = R"({"model_type": "gpt2", "n_layer": 2, "n_embd": 12, "n_head": 3, "n_positions": 16,
                              "vocab_size": 300, "layer_norm_epsilon": 1e-6, "activation_function": "gelu"})";

// A folder with a config.json of `contents`.
std::string Folder(const std::string& contents) {
  const std::string folder = std::string(std::getenv("TEST_TMPDIR")) + "/model";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/config.json") << contents;
  return folder;
}

std::string JobWith(const std::string& model) {
  return "model { " + model + " } data { text: \"a\" context: 8 } batch { sequences: 2 } run { steps: 1 }";
}

TEST_CASE("a folder becomes the kind that its config.json describes, and its weights") {
  const std::string folder = Folder(kConfig);
  const auto job = ResolveJob(Make(JobWith("hugging_face: \"" + folder + "/\""), ""));
  INFO(job.status());
  REQUIRE(job.ok());
  CHECK(job->model().gpt2().layers() == 2);
  CHECK(job->model().gpt2().feed_forward() == 48);
  CHECK(job->model().gpt2().epsilon() == 1e-6);
  CHECK(job->model().gpt2().activation() == proto::GELU);
  CHECK_FALSE(job->model().has_hugging_face());
  CHECK(job->run().initial_weights() == folder);
  CHECK(ContextOf(*job) == 8);
  const auto random = ResolveJob(Make(JobWith("hugging_face: \"" + folder + "\" weights: RANDOM"), ""));
  REQUIRE(random.ok());
  CHECK(random->run().initial_weights().empty());
  // A resolved job resolves to itself.
  CHECK(ResolveJob(*job)->DebugString() == job->DebugString());
}

TEST_CASE("the job's own dropout goes before that of the file") {
  const std::string config = kConfig;
  const std::string folder =
      Folder(config.substr(0, config.size() - 1) + R"(, "embd_pdrop": 0.1, "attn_pdrop": 0.2, "resid_pdrop": 0.3})");
  const auto dropout = [&](const std::string& fields) {
    const auto job = ResolveJob(Make(JobWith("hugging_face: \"" + folder + "\" " + fields), ""));
    REQUIRE(job.ok());
    const proto::Model& model = job->model();
    return std::vector<double>{model.embedding_dropout(), model.attention_dropout(), model.dropout()};
  };
  CHECK(dropout("") == std::vector<double>{0.1, 0.2, 0.3});
  CHECK(dropout("dropout: 0") == std::vector<double>{0, 0.2, 0});
  CHECK(dropout("dropout: 0 embedding_dropout: 0.5") == std::vector<double>{0.5, 0.2, 0});
  CHECK(dropout("attention_dropout: 0") == std::vector<double>{0.1, 0, 0.3});
  CHECK(dropout("embedding_dropout: 0") == std::vector<double>{0, 0.2, 0.3});
}

TEST_CASE("wrong folders") {
  const std::string folder = Folder(R"({"model_type": "gpt2", "n_layer": 0})"),
                    model = "hugging_face: \"" + folder + "\"";
  const auto error = [](const std::string& text, const std::string& overrides = "") {
    return std::string(ResolveJob(Make(JobWith(text), overrides)).status().message());
  };
  CHECK(error(model) == "model.hugging_face: " + folder + "/config.json: n_layer: 0 must be at least 1");
  CHECK(error("hugging_face: \"/no/such\"") == "model.hugging_face: /no/such/config.json: there is no such file");
  CHECK(error("hugging_face: \"\"") == "model.hugging_face is missing: a folder with config.json");
  CHECK(error(model + " gpt2 {}") == "model.hugging_face: cannot stand beside model.gpt2");
  CHECK(error(model + " layer { relu {} }") == "model.hugging_face: cannot stand beside model.layer");
  CHECK(error(model + " inputs: 3") == "model.inputs: goes with a list of layers, not with model.hugging_face");
  CHECK(error("gpt2 {} weights: RANDOM") == "model.weights: goes with model.hugging_face");
  CHECK(error(model, "run.initial_weights=w") ==
        "run.initial_weights: model.hugging_face has weights already; model.weights: RANDOM leaves them out");
}

}  // namespace
}  // namespace baton
