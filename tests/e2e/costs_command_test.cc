// Costs and memory on the command line: links, rates, profiles, recomputation, and jobs that do not fit.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

constexpr char kShards[] = "examples/two_shards.textproto";
constexpr char kGpt[] = "examples/gpt_host.textproto";
constexpr char kText[] = "--set=data.text=tests/data/handbook.txt";

CommandResult Baton(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "tools/baton/baton");
  return Command(arguments).Wait();
}

nlohmann::json Json(std::vector<std::string> arguments) {
  arguments.push_back("--format=json");
  const CommandResult result = Baton(std::move(arguments));
  INFO(result.err);
  REQUIRE(result.status == 0);
  return nlohmann::json::parse(result.out);
}

TEST_CASE("links by flags: transfers queue for bandwidth, nodes share a link") {
  const std::vector<std::string> pipeline = {
      "simulate",        "--stages=2",      "--micro-batches=1",    "--schedule=gpipe",
      "--forward=100us", "--transfer=10us", "--message-bytes=64000"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = pipeline;
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Json(arguments)["step_time_us"].get<double>();
  };
  const double latency = 2 * 10;
  const double compute = 2 * 2100;
  CHECK(with({}) == compute + latency);
  CHECK(with({"--bandwidth=2"}) == compute + latency + 2 * 32);  // 64,000 bytes at 2 GB/s each way
  CHECK(with({"--bandwidth=2", "--per-node=1", "--inter-transfer=40us", "--inter-bandwidth=1"}) ==
        compute + 2 * (40 + 64));
  CHECK(with({"--bandwidth=2", "--per-node=2", "--inter-transfer=40us"}) == compute + latency + 2 * 32);
  CHECK(with({"--bandwidth=0"}) == compute + latency);
  CHECK(with({"--recompute=50us"}) == compute + latency);  // while device 0 waits; device 1 has nothing to recompute
  for (const auto& [flag, message] : std::vector<std::pair<std::string, std::string>>{
           {"--bandwidth=x", "--bandwidth: \"x\" is not a number of GB/s from 0.000001 to 1000000, or 0 for no limit"},
           {"--inter-bandwidth=-1",
            "--inter-bandwidth: \"-1\" is not a number of GB/s from 0.000001 to 1000000, or 0 for no limit"},
           {"--inter-transfer=3",
            "--inter-transfer: \"3\" is not a time from 0 to 3600 s with its unit, like 18.5ms; "
            "units are ns, us, ms and s"},
           {"--inter-transfer=3us",
            "--inter-transfer, --inter-bandwidth: need --per-node, the number of devices of a node"},
           {"--per-node=2", "--per-node: needs --inter-transfer or --inter-bandwidth, the link between nodes"}}) {
    std::vector<std::string> arguments = pipeline;
    arguments.push_back(flag);
    const CommandResult result = Baton(arguments);
    CHECK(result.status == 2);
    CHECK(result.err == absl::StrCat("baton: ", message, "\n"));
  }
  CHECK(Baton({"simulate", kShards, "--per-node=1"}).err ==
        "baton: --per-node: with a job file, set devices.intra and devices.inter instead\n");
}

TEST_CASE("devices that share cores take turns, in every command that predicts") {
  const std::vector<std::string> pipeline = {"--stages=4", "--micro-batches=6", "--schedule=1f1b"};
  const auto with = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, pipeline.begin(), pipeline.end());
    return arguments;
  };
  const auto step = [](const nlohmann::json& report) { return report.at("step_time_us").get<double>(); };
  const double alone = step(Json(with({"simulate"})));
  CHECK(step(Json(with({"simulate", "--cores=4"}))) == alone);
  const double two = step(Json(with({"simulate", "--cores=2"})));
  const double one = step(Json(with({"simulate", "--cores=1"})));
  CHECK(alone < two);
  CHECK(two < one);
  CHECK(one == Approx(4 * 6 * 3000).epsilon(1e-6));  // all work, one after the other
  CHECK(step(Json(with({"whatif", "cores=2"})).at("rows")[1]) == two);
  // On one core every schedule takes as long as the work, so that a search cannot be shorter.
  const nlohmann::json compared =
      Json({"compare", "--stages=4", "--micro-batches=6", "--cores=1", "--schedules=1f1b,gpipe,zb-auto"});
  CHECK(compared.at("rows").size() == 3);
  for (const nlohmann::json& row : compared.at("rows")) {
    CHECK(step(row) == Approx(one).epsilon(1e-6));
  }
  const CommandResult text = Baton(with({"simulate", "--cores=2"}));
  CHECK(absl::StrContains(text.out, "\n4 threads of devices take turns on 2 cores\n"));
  const size_t causes = text.out.find("\nidle time of all devices: ");
  REQUIRE(causes != std::string::npos);
  CHECK(absl::StrContains(text.out.substr(causes, text.out.find('\n', causes + 1) - causes), "waiting for a core"));
  // A device that waits for a core does not compute.
  const double bubble = Json(with({"simulate", "--cores=1"})).at("bubble_ratio").get<double>();
  CHECK(bubble == Approx(0.75).epsilon(1e-4));
  const size_t path = text.out.find("\ncritical path: ");
  REQUIRE(path != std::string::npos);
  CHECK(absl::StrContains(text.out.substr(path), "waiting for a core"));
  CHECK_FALSE(absl::StrContains(Baton(with({"simulate"})).out, "core"));
  // On one core a longer forward makes the step longer once for each micro-batch.
  bool has_forward = false;
  const nlohmann::json gradient = Json(with({"whatif", "--gradient", "--cores=1"}));
  for (const nlohmann::json& cost : gradient.at("gradient")) {
    if (cost.at("cost") != "chunk 3 forward") continue;
    has_forward = true;
    CHECK(cost.at("step_per_cost").get<double>() == Approx(6).epsilon(1e-2));
  }
  CHECK(has_forward);
  const auto job = [&](const char* threads, const char* cores) {
    return step(Json({"simulate", kGpt, kText, "--set=devices.rates={matmul_tflops: 1e-3 memory_gbps: 10}",
                      "--schedule=1f1b", threads, cores}));
  };
  // With rates, which are not those of this machine, each thread has a core unless the job says otherwise.
  constexpr const char* kOneThread = "--set=devices.threads_each=1";
  CHECK(job(kOneThread, "--micro-batches=8") < job(kOneThread, "--cores=2"));
  CHECK(job(kOneThread, "--cores=2") == job(kOneThread, "--set=devices.cores=2"));
  CHECK(job(kOneThread, "--cores=2") < job("--set=devices.threads_each=2", "--cores=2"));
  for (const std::string value : {"0", "x", "1025"}) {
    const CommandResult wrong = Baton(with({"simulate", "--cores=" + value}));
    CHECK(wrong.status == 2);
    CHECK(wrong.err == absl::StrCat("baton: --cores: \"", value,
                                    "\" is not a whole number from 1 to 1024; see baton simulate --help\n"));
  }
}

TEST_CASE("stages that share GPUs take turns and share their memory") {
  const auto simulate = [](std::vector<std::string> more) {
    std::vector<std::string> all = {"simulate", kGpt, kText, "--set=devices={device: \"V100\" memory_gib: 16}",
                                    "--schedule=1f1b"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  const auto step = [&](std::vector<std::string> more) {
    return Json(simulate(std::move(more))).at("step_time_us").get<double>();
  };
  const double alone = step({});
  const double two = step({"--set=devices.gpus=2"});
  const double one = step({"--set=devices.gpus=1"});
  CHECK(step({"--set=devices.gpus=4"}) == alone);
  CHECK(alone < two);
  CHECK(two < one);
  CHECK(step({"--set=devices.gpus=1", "--set=devices.gpu_overlap=2"}) < one);
  // One GPU waits for none that is slower.
  const double overlapped = step({"--set=devices.gpus=1", "--set=devices.gpu_overlap=4"});
  CHECK(overlapped < alone);
  CHECK(overlapped == Approx(alone).epsilon(0.01));
  const CommandResult text = Baton(simulate({"--set=devices.gpus=2"}));
  CHECK(absl::StrContains(text.out, "\n4 devices take turns on 2 GPUs\n"));
  CHECK(absl::StrContains(text.out, "waiting for a GPU"));
  CHECK_FALSE(absl::StrContains(text.out, "core"));
  CHECK(absl::StrContains(Baton(simulate({"--set=devices.gpus=1", "--set=devices.memory_gib=1e-3"})).out,
                          "devices.memory_gib: the GPU of devices 0, 1, 2, 3 needs "));
}

TEST_CASE("rehearsals follow links and recompute") {
  const CommandResult result = Baton({"rehearse", "--stages=2", "--micro-batches=3", "--schedule=gpipe",
                                      "--recompute=1ms", "--message-bytes=1000", "--bandwidth=0.001", "--per-node=1",
                                      "--inter-transfer=1ms", "--inter-bandwidth=0.002", "--steps=1"});
  INFO(result.err);
  CHECK(result.status == 0);
  CHECK(absl::StrContains(result.out,
                          ", 1.00 ms recomputing; a transfer 0 ns\n"
                          "links of 0.001 GB/s, between nodes of 1 device 1.00 ms and 0.002 GB/s\n"));
}

TEST_CASE("with rates and links of the job, instead of measurements, two runs predict the same") {
  const std::vector<std::string> job = {"simulate", kGpt,
                                        "--set",    "devices.device=H200",
                                        "--set",    "devices.intra={latency: \"3us\" bandwidth_gbps: 450}"};
  const nlohmann::json one = Json(job);
  CHECK(one == Json(job));
  std::vector<std::string> slower = job;
  slower.insert(slower.end(), {"--set", "devices.intra.latency=1ms"});
  CHECK(Json(slower)["step_time_us"] > one["step_time_us"].get<double>() + 5000);
  std::vector<std::string> nodes = job;
  nodes.insert(nodes.end(), {"--set", "devices.nodes=2", "--set", "devices.inter={latency: \"1ms\"}"});
  const double across = Json(nodes)["step_time_us"];
  CHECK(across > one["step_time_us"].get<double>());
  CHECK(across < Json(slower)["step_time_us"].get<double>());
}

TEST_CASE("a head in blocks has a product more in a whole backward pass, and two in its halves") {
  const std::vector<std::string> head = {
      kGpt, kText, "--set=pipeline.stages=1",
      "--set=model.gpt2={layers: 1 width: 128 heads: 4 context: 128 vocabulary: 16384}"};
  const auto micros = [&](const std::string& schedule, bool in_blocks) {
    std::vector<std::string> arguments = {"simulate", "--set=devices.rates={matmul_tflops: 1 memory_gbps: 1000000}",
                                          "--set=pipeline.schedule=" + schedule,
                                          absl::StrCat("--set=devices.head_in_blocks=", in_blocks ? "true" : "false")};
    arguments.insert(arguments.begin() + 1, head.begin(), head.end());
    return Json(arguments)["step_time_us"].get<double>();
  };
  const double logits = 8 * 2.0 * 256 * 128 * 16384 / 1e6;  // 8 micro-batches of 256 rows, at 1 TFLOP/s
  CHECK(micros("1f1b", true) - micros("1f1b", false) == Approx(logits).epsilon(0.01));
  CHECK(micros("zb-h1", true) - micros("zb-h1", false) == Approx(2 * logits).epsilon(0.01));
  // Measured, a whole pass is faster than its halves, too; the file says by how much.
  const std::string path = NewPath("head.csv");
  std::vector<std::string> profile = {"profile", "-o", path, "--repeats=3", "--set=devices.head_in_blocks=true"};
  profile.insert(profile.begin() + 1, head.begin(), head.end());
  const CommandResult profiled = Baton(profile);
  INFO(profiled.err);
  REQUIRE(profiled.status == 0);
  std::ifstream file(path);
  std::string columns;
  std::getline(file, columns);
  CHECK(absl::EndsWith(columns, ",repeated_us"));
}

TEST_CASE("other commands read the table of profile") {
  const std::string path = NewPath("costs.csv");
  const CommandResult profiled =
      Baton({"profile", kShards, "-o", path, "--repeats=2", "--set=pipeline.recompute=FULL"});
  INFO(profiled.err);
  REQUIRE(profiled.status == 0);
  CHECK(absl::StrContains(profiled.out, "recompute"));
  CHECK(absl::StrContains(profiled.out, "--costs=" + path));
  const std::vector<std::string> job = {"simulate", kShards, "--costs=" + path, "--set=pipeline.recompute=FULL"};
  CHECK(Json(job) == Json(job));
  for (const char* command : {"compare", "compile", "rehearse"}) {
    CAPTURE(command);
    CHECK(Baton({command, kShards, "--costs=" + path}).status == 0);
  }
  CHECK(Baton({"train", kShards, "--costs=" + path, "--set=run.steps=1"}).status == 0);
  CHECK(Baton({"train", kGpt, "--costs=" + path, "--set=run.steps=1", kText}).err ==
        "baton: --costs: 2 chunks; the job has 4, and a table must have as many or a multiple\n");
  CHECK(Baton({"profile", kShards, "-o", "/no/such/folder/costs.csv"}).status == 2);
  CHECK(Baton({"profile"}).status == 2);
}

TEST_CASE("memory is reported by part, and the parts add up") {
  const nlohmann::json report = Json({"simulate", kShards});
  for (size_t device = 0; device < report["devices"].size(); ++device) {
    const nlohmann::json& each = report["devices"][device];
    double sum = 0;
    for (const char* part : {"parameter_bytes", "gradient_bytes", "optimizer_bytes", "activation_bytes", "buffer_bytes",
                             "workspace_bytes"}) {
      sum += each[part].get<double>();
    }
    CHECK(sum == report["peak_bytes"][device]);
    CHECK(each["parameter_bytes"] == each["gradient_bytes"]);
    CHECK(each["optimizer_bytes"] == 2 * each["parameter_bytes"].get<double>());
    CHECK(each["activation_bytes"] > 0);
  }
}

TEST_CASE("a job that does not fit its devices is refused before it starts, with what fits") {
  const auto with = [](const char* command, const std::vector<std::string>& changes) {
    std::vector<std::string> arguments = {command,
                                          kGpt,
                                          "--set=model.gpt2.width=64",
                                          "--set=model.gpt2.context=64",
                                          "--set=devices.memory_gib=0.01",
                                          "--set=run.evaluate_every=0"};
    if (std::string(command) != "compare") arguments.push_back("--set=pipeline.schedule=gpipe");
    if (std::string(command) == "train") arguments.insert(arguments.end(), {"--set=run.steps=1", kText});
    for (const std::string& change : changes) arguments.push_back("--set=" + change);
    return Baton(arguments);
  };
  const CommandResult refused = with("train", {});
  CHECK(refused.status == 2);
  CHECK(refused.out.empty());
  CHECK(absl::StartsWith(refused.err, "baton: devices.memory_gib: device 3 needs "));
  CHECK(absl::StrContains(refused.err, " more than the 10.2 MiB that it has: parameters "));
  // Each proposal can be typed, and fits.
  const size_t fits = refused.err.find("these fit: ");
  REQUIRE(fits != std::string::npos);
  const std::vector<std::string> proposals = absl::StrSplit(refused.err.substr(fits + 11), "; ");
  REQUIRE(proposals.size() >= 3);
  for (const std::string& each : proposals) {
    CAPTURE(each);
    CHECK(with("train", absl::StrSplit(each.substr(0, each.find(" (")), ' ')).status == 0);
  }
  const CommandResult simulated = with("simulate", {});
  CHECK(simulated.status == 0);
  CHECK(absl::StrContains(simulated.out, "these fit: "));
  const CommandResult compared = with("compare", {});
  CHECK(compared.status == 0);
  CHECK(absl::StrContains(compared.out, "devices.memory_gib: a device needs more than 0.01 GiB"));
  // Nothing fits if the parameters do not.
  CHECK(absl::StrContains(with("train", {"devices.memory_gib=0.0001"}).err, "; nothing tried fits, "));
}

}  // namespace
}  // namespace baton
