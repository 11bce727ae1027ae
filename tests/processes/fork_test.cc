// Real processes over loopback: the same bits as in one, and what the others say when one is killed.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "runtime/transport/testing/stores.h"
#include "tests/processes/process.h"

namespace baton {
namespace {

constexpr Bytes kBytes = 4096;
constexpr int kDevices = 4;
constexpr int kEndless = 1 << 30;
constexpr int kTooLong = 60;  // seconds; a hang then ends the process

std::string MakeFolder(const std::string& name) {
  const char* parent = std::getenv("TEST_TMPDIR");
  const std::string folder = std::string(parent == nullptr ? "." : parent) + "/" + name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::vector<int> RanksOf(int num_processes) {
  std::vector<int> ranks;
  for (int device = 0; device < kDevices; ++device) ranks.push_back(device * num_processes / kDevices);
  return ranks;
}

// A child's whole life: writes its parameters or its error to FOLDER/result-RANK, and FOLDER/runs-RANK once it trains.
void RunChild(int rank, int num_processes, int num_steps, const std::string& folder) {
  alarm(kTooLong);
  FileStore store(folder);
  ProcessOptions options;
  options.program = MakeMixProgram("1f1b", kDevices, 8, kBytes);
  options.bytes = kBytes;
  options.rank = rank;
  options.rank_of_device = RanksOf(num_processes);
  options.store = &store;
  auto process = Process::Create(options);
  absl::Status status = process.ok() ? (*process)->gloo().AwaitConnected() : process.status();
  for (int step = 0; step < num_steps && status.ok(); ++step) {
    status = (*process)->executor().RunStep(nullptr);
    if (step == 2) std::ofstream(folder + "/runs-" + std::to_string(rank)) << "1";
  }
  std::ofstream result(folder + "/result-" + std::to_string(rank), std::ios::binary);
  if (!status.ok()) {
    result << status.ToString();
  } else {
    for (const std::vector<float>& parameters : (*process)->Parameters()) {
      result.write(reinterpret_cast<const char*>(parameters.data()), parameters.size() * sizeof(float));
    }
  }
}

// Forks before this process has threads.
std::vector<pid_t> Fork(int num_processes, int num_steps, const std::string& folder) {
  std::vector<pid_t> children;
  for (int rank = 0; rank < num_processes; ++rank) {
    const pid_t child = fork();
    if (child == 0) {
      RunChild(rank, num_processes, num_steps, folder);
      _exit(0);
    }
    children.push_back(child);
  }
  return children;
}

// The exit status of waitpid.
int Await(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST_CASE("fork: a process that is killed is named by those who exchange with it, and all end") {
  const int num_processes = GENERATE(2, 4);
  const std::string folder = MakeFolder("killed-" + std::to_string(num_processes));
  const std::vector<pid_t> children = Fork(num_processes, kEndless, folder);
  for (int i = 0; i < 30'000 && !std::filesystem::exists(folder + "/runs-1"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  REQUIRE(std::filesystem::exists(folder + "/runs-1"));
  kill(children[1], SIGKILL);
  for (int rank = 0; rank < num_processes; ++rank) {
    CAPTURE(rank);
    const int status = Await(children[rank]);
    if (rank == 1) {
      CHECK(WIFSIGNALED(status));
      continue;
    }
    CHECK(status == 0);
    const std::string message = ReadFile(folder + "/result-" + std::to_string(rank));
    // An instruction's own transfer may be the first to meet the end; its place then comes first.
    CHECK_THAT(message, Catch::StartsWith("UNAVAILABLE: "));
    CHECK_THAT(message, Catch::Contains("the connection of rank " + std::to_string(rank) + " with rank "));
    // Rank 2 or rank 0 may leave before rank 3, their other neighbour, has heard of rank 1.
    if (num_processes == 2) CHECK_THAT(message, Catch::Contains("with rank 1 broke"));
  }
}

TEST_CASE("fork: two and four processes end with the bits of one") {
  const int num_processes = GENERATE(2, 4);
  constexpr int kSteps = 5;
  const std::string folder = MakeFolder("trained-" + std::to_string(num_processes));
  for (const pid_t child : Fork(num_processes, kSteps, folder)) REQUIRE(Await(child) == 0);
  std::string merged;
  for (int rank = 0; rank < num_processes; ++rank) merged += ReadFile(folder + "/result-" + std::to_string(rank));

  // In a process of its own, so that this one keeps forking without threads.
  const pid_t child = fork();
  if (child == 0) {
    std::ofstream result(folder + "/expected", std::ios::binary);
    for (const auto& parameters : TrainInOneProcess(MakeMixProgram("1f1b", kDevices, 8, kBytes), kBytes, kSteps)) {
      result.write(reinterpret_cast<const char*>(parameters.data()), parameters.size() * sizeof(float));
    }
    result.close();
    _exit(0);
  }
  REQUIRE(Await(child) == 0);
  const std::string expected = ReadFile(folder + "/expected");
  CHECK(expected.size() == static_cast<size_t>(kDevices * kBytes));
  CHECK(merged.size() == expected.size());
  CHECK((merged == expected));
}

}  // namespace
}  // namespace baton
