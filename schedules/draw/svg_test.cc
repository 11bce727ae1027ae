// The SVG: well-formed, self-contained, to scale, and with everything that a figure must have.
#include "schedules/draw/svg.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "base/printable.h"
#include "schedules/analyze/testing/simulated.h"
#include "tests/testing/xml.h"

namespace baton {
namespace {

int Count(const std::string& text, const std::string& part) {
  int count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

std::string Draw(const Simulated& run, const TransportModel& transport = {}) {
  SvgOptions options;
  options.title = "a <title> & \"more\"";
  options.transport = transport;
  return DrawSvg(run.program, run.trace, options);
}

TEST_CASE("the SVG is well-formed and needs nothing from elsewhere") {
  const char* schedule = GENERATE("1f1b", "zb-v", "dualpipe", "gpipe", "naive", "interleaved");
  const Nanos transfer = GENERATE(0, 300'000);
  const std::string svg = Draw(SimulateEqual(schedule, 4, 8, transfer));
  ParseXml(svg);
  CHECK(svg.find("a &lt;title&gt; &amp; &quot;more&quot;") != std::string::npos);
  // The name space is no address.
  CHECK(Count(svg, "http") == 1);
  for (const char* outside : {"href", "@import", "<script", "<image", "<style"}) CHECK(Count(svg, outside) == 0);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

TEST_CASE("collectives have a lane, and the legend names them and the wait for them") {
  Simulated run;
  run.costs = EqualMilliseconds(2);
  run.costs.reduce_ns = 1'000'000;
  for (ChunkCosts& chunk : run.costs.chunks) chunk.update_ns = 1'000'000;
  LowerOptions options{"1f1b", run.costs, {{ReduceKind::kTiedGradient, "tied", {0, 1}, 64}}};
  run.program = Lower(MakeOrder("1f1b", {2, 1}).value(), options).value();
  run.trace = Simulate(run.program, run.costs).value();
  const std::string svg = Draw(run);
  ParseXml(svg);
  CHECK(Count(svg, ">all-reduce</text>") == 1);
  CHECK(Count(svg, ">idle: waits for a collective</text>") == 1);
  CHECK(Count(svg, "fill=\"#b5179e\"") == 3);  // one a device, and the legend's
  CHECK(Count(Draw(SimulateEqual("1f1b", 2, 2)), "all-reduce") == 0);
}

TEST_CASE("a title of any bytes leaves the SVG valid") {
  std::string title = "caf\xe9 \xef\xbf\xbe\xc2\x9b";
  for (int c = 0; c < 256; ++c) title += static_cast<char>(c);
  const Simulated run = SimulateEqual("1f1b", 2, 3);
  SvgOptions options;
  options.title = title;
  const std::vector<XmlElement> texts = ElementsOf(ParseXml(DrawSvg(run.program, run.trace, options)), "text");
  CHECK(texts.at(0).text == Printable(title));
}

TEST_CASE("each forward and backward has its number, arrows are there where transfers take time") {
  const std::string with = Draw(SimulateEqual("1f1b", 2, 3, 300'000));
  const std::string without = Draw(SimulateEqual("1f1b", 2, 3));
  for (const char* number : {">0</text>", ">1</text>", ">2</text>"}) {
    // Two devices, forward and backward, of micro-batch 0, 1, 2; the axis and the strips' peaks have numbers as well.
    CHECK(Count(with, number) >= 4);
  }
  CHECK(Count(with, ">transfer</text>") == 1);
  CHECK(Count(without, ">transfer</text>") == 0);
  CHECK(Count(without, "idle: data in transit") == 0);
  CHECK(Count(with, "idle: data in transit") == 1);
  CHECK(Count(without, ">critical path</text>") == 1);
  CHECK(Count(without, ">device 1</text>") == 2);  // a row and a strip
  CHECK(Count(without, ">live micro-batches</text>") == 1);
}

TEST_CASE("every forward and backward of a usual step has its number") {
  const std::string svg = Draw(SimulateEqual("1f1b", 8, 24));
  int numbers = 0;
  for (const XmlElement& text : ElementsOf(ParseXml(svg), "text")) {
    if (text.attributes.count("fill") > 0 && text.attributes.at("fill") != "#555" && text.Number("font-size") > 0)
      ++numbers;
  }
  CHECK(numbers == 2 * 8 * 24);
}

TEST_CASE("the critical path is drawn only if it is asked for") {
  const Simulated run = SimulateEqual("1f1b", 2, 3);
  SvgOptions options;
  options.critical_path = false;
  const std::string svg = DrawSvg(run.program, run.trace, options);
  ParseXml(svg);
  CHECK(Count(svg, "critical path") == 0);
}

TEST_CASE("memory in bytes has its unit") {
  CostModel costs = EqualMilliseconds(2);
  for (ChunkCosts& chunk : costs.chunks) {
    chunk.saved_weight_bytes = 1 << 20;
    chunk.parameter_bytes = 1 << 19;
  }
  const std::string svg = Draw(SimulateNamed("gpipe", {2, 3}, costs));
  CHECK(Count(svg, ">memory</text>") == 1);
  CHECK(Count(svg, ">4.00 MiB</text>") == 2);  // three micro-batches, parameters and gradients
  CHECK(Count(svg, ">live during the whole step</text>") == 1);
  for (ChunkCosts& chunk : costs.chunks) chunk.parameter_bytes = 0;
  CHECK(Count(Draw(SimulateNamed("gpipe", {2, 3}, costs)), ">live during the whole step</text>") == 0);
}

TEST_CASE("a large step is drawn by what each device mostly did, in few bytes") {
  const std::string svg = Draw(SimulateEqual("zb-h1", 32, 256));
  ParseXml(svg);
  CHECK(Count(svg, "each column: what the device mostly did") == 1);
  CHECK(svg.size() < 3'000'000);
}

TEST_CASE("a step that takes no time is an empty figure, not a broken one") {
  const CostModel costs = [] {
    CostModel none;
    none.chunks.resize(2);
    return none;
  }();
  const std::string svg = Draw(SimulateNamed("gpipe", {2, 2}, costs));
  ParseXml(svg);
  CHECK(svg.find("nan") == std::string::npos);
}

}  // namespace
}  // namespace baton
