// The lines that `--rates-table` reads, and the table for people.
#include "tools/gpu_check/kernel_lines.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

namespace baton {
namespace {

KernelMeasurement Measured() {
  KernelMeasurement measured;
  measured.rows.push_back(
      {{"product", "m=16384 n=768 k=3072 a=bf16 b=bf16 c=bf16 epilogue=bias", 75500000, 7.73e10}, 12, 123.4, 1500});
  measured.rows.push_back({{"layer_norm", "pass=forward rows=16384 columns=768 type=bf16", 50462720, 0}, 25, 20, 500});
  measured.step_us = 2500;
  return measured;
}

}  // namespace

TEST_CASE("each kernel is a line of JSON behind the device's") {
  std::istringstream lines(KernelLines(Measured(), "NVIDIA \"H100\"", "0.1.0"));
  std::vector<nlohmann::json> objects;
  for (std::string line; std::getline(lines, line);) objects.push_back(nlohmann::json::parse(line));
  REQUIRE(objects.size() == 3);
  CHECK(objects[0] == nlohmann::json({{"device", "NVIDIA \"H100\""}, {"baton", "0.1.0"}}));
  CHECK(objects[1] == nlohmann::json({{"kernel", "product"},
                                      {"shape", "m=16384 n=768 k=3072 a=bf16 b=bf16 c=bf16 epilogue=bias"},
                                      {"count", 12},
                                      {"median_us", 123.4},
                                      {"bytes", 75500000},
                                      {"flops", 7.73e10}}));
  CHECK(objects[2]["kernel"] == "layer_norm");
  CHECK(objects[2]["flops"] == 0);
}

TEST_CASE("the table shows floors by the ceilings, and the kernels' share of the step") {
  const Ceilings ceilings = {/*flops_per_us=*/7.73e8, /*bytes_per_us=*/5046272};
  const std::string table = KernelMarkdown(Measured(), ceilings);
  CHECK_THAT(table, Catch::Contains("Ceilings: 773 TFLOP/s (product), 5046 GB/s (copy, read and written)."));
  // The product's FLOPs take 100 µs, its bytes 15; the norm's bytes take 10.
  CHECK_THAT(table, Catch::Contains("| 12 | 123.4 | 1.500 | 77.30 | 75.50 | 100.0 | 81 % |"));
  CHECK_THAT(table, Catch::Contains("| 25 | 20.0 | 0.500 | 0.00 | 50.46 | 10.0 | 50 % |"));
  CHECK_THAT(table, Catch::Contains("| sum | | | | 2.000 | | | 1450.0 | 72 % |"));
  CHECK_THAT(table, Catch::Contains("The step took 2.500 ms") && Catch::Contains("its kernels took 80 % of that."));
}

}  // namespace baton
