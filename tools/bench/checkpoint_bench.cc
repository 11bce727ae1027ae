// Times of a checkpoint of GPT-2 124M, parameters and moments: copied out of the arena, written, verified and read.
// Beside them a plain copy of the same files, synced as the checkpoint is. Usage: checkpoint_bench FOLDER
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "ops/layers/parameter_layout.h"
#include "runtime/checkpoint/checkpoint.h"
#include "runtime/checkpoint/checkpoint_folder.h"
#include "runtime/checkpoint/write_checkpoint.h"
#include "runtime/device/host/host_device.h"
#include "runtime/train/parameter_state.h"

namespace baton {
namespace {

constexpr int kRuns = 5;

// The parameters of GPT-2 with 12 layers of width 768.
std::vector<ParameterSpec> Gpt2Parameters() {
  const auto spec = [](const std::string& name, std::vector<int64_t> extents) {
    return ParameterSpec{name, Shape(DataType::kFloat32, std::move(extents)), {}, false};
  };
  std::vector<ParameterSpec> specs = {spec("wte.weight", {50257, 768}), spec("wpe.weight", {1024, 768}),
                                      spec("ln_f.weight", {768}), spec("ln_f.bias", {768})};
  for (int layer = 0; layer < 12; ++layer) {
    const std::string h = "h." + std::to_string(layer) + ".";
    for (const char* norm : {"ln_1", "ln_2"}) {
      specs.push_back(spec(h + norm + ".weight", {768}));
      specs.push_back(spec(h + norm + ".bias", {768}));
    }
    const std::vector<std::pair<const char*, std::pair<int64_t, int64_t>>> linears = {{"attn.c_attn", {2304, 768}},
                                                                                      {"attn.c_proj", {768, 768}},
                                                                                      {"mlp.c_fc", {3072, 768}},
                                                                                      {"mlp.c_proj", {768, 3072}}};
    for (const auto& [name, sizes] : linears) {
      specs.push_back(spec(h + name + ".weight", {sizes.first, sizes.second}));
      specs.push_back(spec(h + name + ".bias", {sizes.first}));
    }
  }
  return specs;
}

void Require(const absl::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  std::exit(1);
}

double SecondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void Print(const char* what, std::vector<double> seconds, double bytes) {
  std::sort(seconds.begin(), seconds.end());
  std::printf("%-46s %6.3f s  %5.2f GB/s  (%.3f to %.3f)\n", what, seconds[seconds.size() / 2],
              bytes / seconds[seconds.size() / 2] / 1e9, seconds.front(), seconds.back());
}

void Run(const std::string& folder) {
  const ParameterLayout layout =
      ParameterLayout::Create(std::vector<std::vector<ParameterSpec>>{Gpt2Parameters()}, DataType::kFloat32).value();
  const auto device = HostDevice::Create(0, {}).value();
  std::byte* const parameters = device->CreateArena(layout.ParameterBytes(0)).value();
  std::byte* const optimizer = device->CreateArena(layout.OptimizerBytes(0)).value();
  for (Bytes i = 0; i < layout.ParameterBytes(0); i += 4) std::memcpy(parameters + i, &i, 4);
  for (Bytes i = 0; i < layout.OptimizerBytes(0); i += 4) std::memcpy(optimizer + i, &i, 4);
  ParameterState state(&layout, {{0, device.get(), parameters, optimizer}});
  StateSnapshot snapshot;
  state.Prepare(snapshot);
  const double bytes = static_cast<double>(snapshot.memory.size());
  std::printf("GPT-2 124M: %.2f GB of parameters and moments; the median of %d, and the range\n", bytes / 1e9, kRuns);

  std::filesystem::create_directories(folder);
  const std::string saves = folder + "/checkpoints", copy = folder + "/copy";
  const std::string path = saves + "/" + StepName(1);
  std::vector<double> copies, writes, plain_writes, reads, plain_reads;
  for (int run = 0; run < kRuns; ++run) {
    std::filesystem::remove_all(saves);
    std::filesystem::remove_all(copy);
    proto::CheckpointManifest manifest;
    manifest.set_step(1);
    copies.push_back(SecondsOf([&] { Require(state.CopyTo(snapshot)); }));
    writes.push_back(SecondsOf([&] { Require(WriteCheckpoint(saves, manifest, snapshot.files)); }));
    const std::string command = "cp -r " + path + " " + copy + " && sync " + copy + "/*";
    plain_writes.push_back(SecondsOf([&] {
      if (std::system(command.c_str()) != 0) std::exit(1);
    }));
    reads.push_back(SecondsOf([&] {
      const auto checkpoint = Checkpoint::Open(path);
      Require(checkpoint.status());
      Require(state.Restore(**checkpoint));
    }));
    std::filesystem::remove_all(copy);
    const std::string again = "cp -r " + path + " " + copy;
    plain_reads.push_back(SecondsOf([&] {
      if (std::system(again.c_str()) != 0) std::exit(1);
    }));
  }
  Print("copy of the state, for which a step waits", copies, bytes);
  Print("save: hashed, written and synced", writes, bytes);
  Print("cp and sync of the same files", plain_writes, bytes);
  Print("load: read into the arena, each byte hashed", reads, bytes);
  Print("cp without sync", plain_reads, bytes);
  std::filesystem::remove_all(saves);
  std::filesystem::remove_all(copy);
}

}  // namespace
}  // namespace baton

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: checkpoint_bench FOLDER\n");
    return 2;
  }
  baton::Run(argv[1]);
  return 0;
}
