// `baton evaluate` and `baton model` from outside.
#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/write_file.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kJob[] = R"(
  name: "small"
  model { gpt2 { layers: 2 width: 16 heads: 2 context: 24 vocabulary: 256 } }
  data { text: "tests/data/handbook.txt" held_out: 0.1 }
  batch { sequences: 4 micro_batches: 2 }
  pipeline { stages: 2 }
  run { steps: 4 evaluate_every: 4 }
)";

std::string JobFile(const std::string& text) {
  const std::string path = NewPath("job.textproto");
  REQUIRE(WriteFile(path, text).ok());
  return path;
}

// The output folder of a run, trained once.
const std::string& Run() {
  static const std::string folder = [] {
    const std::string output = NewPath("run");
    REQUIRE(Baton({"train", JobFile(kJob), "--output", output}).status == 0);
    return output;
  }();
  return folder;
}

nlohmann::json Evaluate(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "evaluate");
  arguments.push_back("--format=json");
  const CommandResult result = Baton(std::move(arguments));
  INFO(result.err);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.out);
}

TEST_CASE("a run evaluates to its held-out loss, whatever the batch and the split") {
  std::string last_line;
  for (const auto line : absl::StrSplit(ReadWhole(Run() + "/metrics.jsonl"), '\n', absl::SkipEmpty()))
    last_line = std::string(line);
  const double expected = nlohmann::json::parse(last_line).at("held_out_loss");
  for (const std::vector<std::string>& settings : std::vector<std::vector<std::string>>{
           {}, {"batch={sequences: 7}"}, {"pipeline.stages=1", "batch={sequences: 6 micro_batches: 3}"}}) {
    CAPTURE(settings);
    std::vector<std::string> arguments = {Run()};
    for (const std::string& setting : settings) arguments.insert(arguments.end(), {"--set", setting});
    const nlohmann::json report = Evaluate(arguments);
    CHECK(report.at("loss").get<double>() == Approx(expected).epsilon(1e-6));
    CHECK(report.at("perplexity").get<double>() == Approx(std::exp(expected)).epsilon(1e-6));
    CHECK(report.at("tokens") == report.at("sequences").get<double>() * 24);
    CHECK(report.at("sequences") == report.at("available_sequences"));
  }
  CHECK(absl::StrContains(Baton({"evaluate", Run()}).out, absl::StrCat("loss ", "")));
}

TEST_CASE("all of the data are evaluated once with --all, and where nothing is held out") {
  const nlohmann::json held_out = Evaluate({Run()});
  const nlohmann::json all = Evaluate({Run(), "--all"});
  const double bytes = static_cast<double>(ReadWhole("tests/data/handbook.txt").size());
  CHECK(all.at("sequences") == std::floor((bytes - 1) / 24));
  CHECK(all.at("sequences") > held_out.at("sequences"));
  CHECK(Evaluate({Run(), "--set", "data.held_out=0", "--set", "run.evaluate_every=0"}) == all);
  const nlohmann::json some = Evaluate({Run(), "--all", "--set", "run.evaluate_at_most=3"});
  CHECK(some.at("sequences") == 3);
  CHECK(some.at("available_sequences") == all.at("sequences"));
}

TEST_CASE("a job file with weights evaluates as the run that has them") {
  const std::vector<std::string> weights = {"--set",
                                            absl::StrCat("run.initial_weights=", Run(), "/weights.safetensors")};
  std::vector<std::string> arguments = {JobFile(kJob)};
  arguments.insert(arguments.end(), weights.begin(), weights.end());
  CHECK(Evaluate(arguments) == Evaluate({Run()}));
  const CommandResult none = Baton({"evaluate", JobFile(kJob)});
  CHECK(none.status == 2);
  CHECK(absl::StrContains(none.err, "names no weights to evaluate"));
}

TEST_CASE("a classifier has an accuracy, which training raises") {
  const std::string job = JobFile(R"(
    model { mlp { sizes: [8, 16, 4] } } data { clusters { examples: 400 noise: 0.3 } held_out: 0.25 }
    batch { sequences: 32 micro_batches: 2 } optimizer { adamw { learning_rate: 1e-2 } } run { steps: 60 })");
  const std::string output = NewPath("classifier");
  REQUIRE(Baton({"train", job, "--output", output}).status == 0);
  const nlohmann::json report = Evaluate({output});
  CHECK(report.at("sequences") == 100);
  CHECK(report.at("accuracy") > 0.9);
  CHECK_FALSE(report.contains("perplexity"));
  CHECK(Evaluate({output, "--set", "batch={sequences: 7}"}).at("accuracy") == report["accuracy"]);
  CHECK(absl::StrContains(Baton({"evaluate", output, "--all"}).out, ": 400 examples, all of the data"));
}

TEST_CASE("model: shapes, parameters and FLOPs as counted by hand, chunks and devices as the job says") {
  const CommandResult result = Baton({"model", JobFile(kJob), "--format=json"});
  REQUIRE(result.status == 0);
  const nlohmann::json report = nlohmann::json::parse(result.out);
  REQUIRE(report.at("layers").size() == 2);
  const nlohmann::json& first = report["layers"][0];
  const nlohmann::json& last = report["layers"][1];
  CHECK(first.at("name") == "h.0");
  CHECK(first.at("input") == nlohmann::json({2, 24}));
  CHECK(first.at("output") == nlohmann::json({2, 24, 16}));
  CHECK(last.at("output") == nlohmann::json::array());
  // A block: attention and feed-forward half with biases, two norms.
  const int block = 16 * 48 + 48 + 16 * 16 + 16 + 16 * 64 + 64 + 64 * 16 + 16 + 4 * 16;
  CHECK(first.at("parameters") == block + 256 * 16 + 24 * 16);
  CHECK(last.at("parameters") == block + 2 * 16 + 256 * 16);
  CHECK(report.at("parameters") == 2 * block + 256 * 16 + 24 * 16 + 2 * 16);  // the tied table once
  CHECK(first.at("chunk") == 0);
  CHECK(last.at("chunk") == 1);
  CHECK(last.at("devices") == nlohmann::json({1}));
  CHECK(report.at("forward_flops").get<double>() ==
        Approx(first.at("forward_flops").get<double>() + last.at("forward_flops").get<double>()));
  const CommandResult text = Baton({"model", JobFile(kJob)});
  CHECK(absl::StrContains(text.out, "small: gpt2, 2 layers; numbers are of one micro-batch of 2 sequences\n"));
  CHECK(absl::StrContains(text.out, "The total counts a parameter once that several layers use."));
}

TEST_CASE("model: replicas are on several devices; times come from a table with a chunk for each layer") {
  const CommandResult chimera = Baton({"model", JobFile(kJob), "--set=pipeline.schedule=chimera", "--format=json"});
  REQUIRE(chimera.status == 0);
  CHECK(nlohmann::json::parse(chimera.out).at("layers")[0].at("devices") == nlohmann::json({0, 1}));
  const std::string costs = NewPath("costs.csv");
  REQUIRE(Baton({"profile", JobFile(kJob), "--repeats=1", "-o", costs}).status == 0);
  const CommandResult timed = Baton({"model", JobFile(kJob), "--costs", costs, "--format=json"});
  REQUIRE(timed.status == 0);
  CHECK(nlohmann::json::parse(timed.out).at("layers")[0].at("forward_us") > 0);
  CHECK(Baton({"model", JobFile(kJob), "--costs", costs}).status == 0);
  REQUIRE(Baton({"profile", JobFile(kJob), "--repeats=1", "--set=pipeline.stages=1", "-o", costs}).status == 0);
  const CommandResult other = Baton({"model", JobFile(kJob), "--costs", costs});
  CHECK(other.status == 2);
  CHECK(absl::StrContains(other.err, "--costs: 1 chunks; the model has 2 layers"));
}

TEST_CASE("model: rates give times, a product by its name; a table goes before them") {
  const auto layers = [](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"model", JobFile(kJob), "--format=json"});
    const CommandResult result = Baton(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out).at("layers");
  };
  CHECK_FALSE(layers({})[0].contains("forward_us"));
  const auto slow = layers({"--set=devices.rates={matmul_tflops: 0.001 memory_gbps: 1000}"});
  const auto fast = layers({"--set=devices.rates={matmul_tflops: 0.002 memory_gbps: 1000}"});
  // 10^9 operations a second.
  CHECK(slow[0].at("forward_us").get<double>() > slow[0].at("forward_flops").get<double>() / 1e3 * 0.5);
  CHECK(slow[0].at("forward_us").get<double>() > 1.5 * fast[0].at("forward_us").get<double>());
  const CommandResult text = Baton({"model", JobFile(kJob), "--set=devices.device=A100"});
  CHECK(absl::StrContains(text.out, "Times are estimated from the rates of the A100.\n"));
  const std::string costs = NewPath("costs.csv");
  REQUIRE(Baton({"profile", JobFile(kJob), "--repeats=1", "-o", costs}).status == 0);
  CHECK(layers({"--costs", costs, "--set=devices.device=A100"}) == layers({"--costs", costs}));
}

TEST_CASE("model --kernels: what a GPU runs, whose sum is the time of the layers") {
  const std::vector<std::string> arguments = {"model", JobFile(kJob), "--kernels", "--set=devices.device=A100"};
  std::vector<std::string> with_json = arguments;
  with_json.push_back("--format=json");
  const CommandResult json = Baton(with_json);
  INFO(json.err);
  REQUIRE(json.status == 0);
  const auto report = nlohmann::json::parse(json.out);
  double kernels = 0, layers = 0, products = 0, update_bytes = 0, parameter_bytes = 0;
  for (const auto& kernel : report.at("kernels")) {
    CHECK(kernel.at("estimated_us") > kernel.at("floor_us"));
    if (kernel.at("pass") == "update") {
      CHECK(kernel.at("kernel") == "optimizer");
      CHECK(kernel.at("floor_us") > 0);
      update_bytes += kernel.at("count").get<double>() * kernel.at("bytes").get<double>();
      continue;
    }
    kernels += kernel.at("count").get<double>() * kernel.at("estimated_us").get<double>();
    products += kernel.at("product").size() == 3;
  }
  for (const auto& layer : report.at("layers")) {
    layers += layer.at("forward_us").get<double>() + layer.at("backward_us").get<double>();
    parameter_bytes += 4 * layer.at("parameters").get<double>();
  }
  // Gradients for their norm; then parameters, gradients and two moments, read and written.
  CHECK(update_bytes == Approx(9 * parameter_bytes).epsilon(0.01));
  CHECK(kernels == Approx(layers).epsilon(1e-3));
  CHECK(products > 0);
  const CommandResult text = Baton(arguments);
  CHECK(absl::StrContains(text.out, "108 multiprocessors at 1.41 GHz"));
  CHECK(absl::StrContains(text.out, "83 % of it where columns are added up"));
  CHECK(absl::StrContains(text.out, "sum of all"));
  CHECK(absl::StrContains(text.out, "update, once a step"));
  // The job has two devices; one GPU for both waits for no other.
  CHECK(absl::StrContains(text.out, "the slowest GPU computes at 99.5 % of its rates"));
  const CommandResult simulated = Baton({"simulate", JobFile(kJob), "--set=devices.device=A100"});
  CHECK(absl::StrContains(simulated.out, " and 1835.1 GB/s, at the slowest GPU's 99.5 %"));
  std::vector<std::string> on_one = arguments;
  on_one.push_back("--set=devices.gpus=1");
  CHECK(absl::StrContains(Baton(on_one).out, "the slowest GPU computes at 100.0 % of its rates"));
  with_json.push_back("--set=devices.gpus=1");
  double faster = 0;
  for (const auto& kernel : nlohmann::json::parse(Baton(with_json).out).at("kernels")) {
    if (kernel.at("pass") == "update") continue;
    faster += kernel.at("count").get<double>() * kernel.at("estimated_us").get<double>();
  }
  CHECK(faster < kernels);
  const CommandResult refused = Baton({"model", JobFile(kJob), "--kernels"});
  CHECK(refused.status != 0);
  CHECK(absl::StrContains(refused.err, "the job needs devices.device, or devices.rates.multiprocessors"));
}

// A table of measured kernels: each of `kernels`, with `factor` times its estimate.
std::string RatesTable(const nlohmann::json& kernels, double factor) {
  std::string table = "{\"device\":\"Test GPU\",\"baton\":\"1\"}\n";
  for (const auto& kernel : kernels) {
    const nlohmann::json row = {
        {"kernel", kernel.at("kernel")},
        {"shape", kernel.at("shape").get<std::string>().empty() ? "rows=1" : kernel.at("shape")},
        {"count", kernel.at("count")},
        {"median_us", factor * kernel.at("estimated_us").get<double>()},
        {"bytes", kernel.at("bytes")},
        {"flops", kernel.at("flops")}};
    absl::StrAppend(&table, row.dump(), "\n");
  }
  const std::string path = NewPath("kernels.jsonl");
  REQUIRE(WriteFile(path, table).ok());
  return path;
}

TEST_CASE("--rates-table: measured kernels replace assumptions, and the output says which") {
  const std::string gpu = "--set=devices.device=A100", job = JobFile(kJob);
  const auto json = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {gpu, "--format=json"});
    const CommandResult result = Baton(std::move(arguments));
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out);
  };
  const auto assumed = json({"simulate", job});
  REQUIRE_FALSE(assumed.at("kernels").empty());
  CHECK(json({"compare", job, "--schedules=1f1b"}).at("kernels") == assumed.at("kernels"));
  for (const auto& kernel : assumed.at("kernels")) {
    CHECK(kernel.at("estimated_us") > kernel.at("floor_us"));
    CHECK(kernel.at("source") == "assumed");
  }
  const std::string table = RatesTable(assumed.at("kernels"), 3);
  const auto measured = json({"simulate", job, "--rates-table", table});
  REQUIRE(measured.at("kernels").size() == assumed.at("kernels").size());
  for (size_t i = 0; i < measured.at("kernels").size(); ++i) {
    const auto &before = assumed.at("kernels")[i], &after = measured.at("kernels")[i];
    CAPTURE(after.dump());
    CHECK(after.at("source") == "measured");
    // Norms with and without an addend have the same shape.
    CHECK(after.at("estimated_us").get<double>() == Approx(3 * before.at("estimated_us").get<double>()).epsilon(0.01));
  }
  CHECK(measured.at("step_time_us").get<double>() > 2 * assumed.at("step_time_us").get<double>());

  const CommandResult text = Baton({"simulate", job, gpu, "--rates-table", table});
  CHECK(absl::StrContains(text.out,
                          "100 % of the kernels' time measured on Test GPU, 0 % scaled from the nearest shape, 0 % "
                          "assumed"));
  const CommandResult listed = Baton({"model", job, "--kernels", gpu, "--rates-table", table});
  CHECK(absl::StrContains(listed.out, " measured\n"));
  CHECK_FALSE(absl::StrContains(listed.out, "Nothing was measured"));
  // Half of the sequences: other shapes.
  const CommandResult nearest = Baton({"whatif", job, gpu, "--rates-table", table, "batch.micro_batches=4"});
  CHECK(nearest.status == 0);
  const CommandResult scaled =
      Baton({"simulate", job, gpu, "--rates-table", table, "--micro-batches=4", "--schedule=gpipe"});
  CHECK(absl::StrContains(scaled.out, " scaled from the nearest shape"));
  CHECK_FALSE(absl::StrContains(scaled.out, "100 % of the kernels' time measured"));
}

TEST_CASE("HOST stands in for a named device in its precision: activations of 16 bits") {
  const std::string job = JobFile(kJob);
  const auto saved = [&](const std::vector<std::string>& settings) {
    std::vector<std::string> arguments = {"model", job, "--format=json"};
    for (const std::string& setting : settings) arguments.push_back("--set=" + setting);
    const CommandResult result = Baton(arguments);
    INFO(result.err);
    REQUIRE(result.status == 0);
    return nlohmann::json::parse(result.out).at("saved_bytes").get<double>();
  };
  const double whole = saved({"devices.device=A100"});
  CHECK(saved({"devices.device=A100", "devices.precision=BF16"}) < 0.65 * whole);
  // Without a device to predict, BF16 is the host's own: products alone.
  CHECK(saved({"devices.precision=BF16"}) > 0.8 * whole);
}

TEST_CASE("--rates-table is refused where it cannot be used") {
  const std::string table = NewPath("kernels.jsonl");
  REQUIRE(WriteFile(table, "{\"device\":\"Test GPU\"}\n{\"kernel\":\"product\",\"median_us\":0}\n").ok());
  const std::string job = JobFile(kJob);
  const auto refusal = [](const std::vector<std::string>& arguments) {
    const CommandResult result = Baton(arguments);
    CHECK(result.status != 0);
    return result.err;
  };
  CHECK(absl::StrContains(refusal({"simulate", job, "--set=devices.device=A100", "--rates-table", table}),
                          absl::StrCat(table, ", line 2: median_us: 0 must be above 0")));
  CHECK(absl::StrContains(refusal({"model", job, "--set=devices.device=A100", "--rates-table", table}), "line 2"));
  for (const char* const command : {"simulate", "model"}) {
    CHECK(absl::StrContains(refusal({command, job, "--rates-table", table}),
                            "--rates-table: its kernels are those of a GPU: the job needs devices.device"));
  }
  CHECK(absl::StrContains(refusal({"simulate", "--stages=2", "--micro-batches=2", "--rates-table", table}),
                          "--rates-table: needs a job file"));
  CHECK(absl::StrContains(
      refusal({"simulate", job, "--set=devices.device=A100", "--rates-table", table, "--costs=x.csv"}),
      "--rates-table: --costs gives the times of layers"));
  CHECK(absl::StrContains(refusal({"simulate", job, "--set=devices.device=A100", "--rates-table=/none.jsonl"}),
                          "cannot read rates table /none.jsonl"));
}

TEST_CASE("model: folders of Hugging Face need no data, whatever their kind") {
  for (const char* const folder : {"bert", "vit", "resnet", "causal/qwen3"}) {
    CAPTURE(folder);
    const CommandResult result = Baton({"model", std::string("tests/data/models/") + folder, "--format=json"});
    CHECK(result.err == "");
    REQUIRE(result.status == 0);
    CHECK(nlohmann::json::parse(result.out).at("parameters") > 1000);
  }
}

TEST_CASE("evaluate: a Hugging Face folder without data says which are missing") {
  const auto error = [](const std::string& folder) { return Baton({"evaluate", "tests/data/models/" + folder}).err; };
  CHECK(absl::StrContains(error("bert"), "data.masking.mask_token"));
  CHECK(absl::StrContains(error("vit"), "data.images: "));
  CHECK(absl::StrContains(error("causal/qwen3"), "data.tokens: "));
}

}  // namespace
}  // namespace baton
