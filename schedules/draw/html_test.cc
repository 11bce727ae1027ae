// The HTML file: self-contained, small, its description valid JSON, its numbers as packed. What it shows is tested in a
// browser: tests/browser.
#include "schedules/draw/html.h"

#include <catch2/catch.hpp>
#include <list>
#include <nlohmann/json.hpp>

#include "schedules/analyze/idle.h"
#include "schedules/analyze/testing/simulated.h"
#include "schedules/draw/pack_timeline.h"
#include "schedules/program/kind.h"

namespace baton {
namespace {

struct Page {
  std::list<Simulated> runs;
  std::vector<HtmlSchedule> schedules;
};

// All schedules of the catalog, which `per_stage` gives their chunks' costs.
Page AllSchedules(int stages, int micro_batches) {
  Page page;
  for (const ScheduleInfo& info : Catalog()) {
    CostModel costs = EqualMilliseconds(stages * info.default_chunks, 100'000);
    // Times that do not repeat, as measured ones would be.
    for (size_t i = 0; i < costs.chunks.size(); ++i) {
      ChunkCosts& chunk = costs.chunks[i];
      chunk.forward_ns = (1'000'000 + 7919 * static_cast<Nanos>(i * i % 31)) / info.default_chunks;
      chunk.backward_input_ns = (1'100'000 + 104'729 * static_cast<Nanos>(i % 5)) / info.default_chunks;
    }
    page.runs.push_back(SimulateNamed(std::string(info.name), {stages, micro_batches}, costs));
    HtmlSchedule schedule;
    schedule.name = std::string(info.name);
    schedule.program = &page.runs.back().program;
    schedule.timelines = {{"", &page.runs.back().trace}};
    page.schedules.push_back(schedule);
  }
  return page;
}

std::string Between(const std::string& text, const std::string& before, const std::string& after) {
  const size_t begin = text.find(before) + before.size();
  REQUIRE(begin >= before.size());
  return text.substr(begin, text.find(after, begin) - begin);
}

TEST_CASE("numbers are packed as the page reads them") {
  NumberPacker packer;
  packer.Add(0);
  packer.Add(127);
  packer.Add(128);
  packer.Add(300);
  packer.AddSigned(0);
  packer.AddSigned(-1);
  packer.AddSigned(1);
  packer.AddSigned(-64);
  CHECK(packer.bytes() == std::string("\x00\x7f\x80\x01\xac\x02\x00\x01\x02\x7f", 10));
}

TEST_CASE("the file stands alone and says what it shows") {
  Page page = AllSchedules(2, 3);
  page.schedules[0].name = "a </script> \"name\"";
  page.schedules[0].subtitle = "two\nlines";
  page.schedules[0].timelines.push_back({"measured", page.schedules[0].timelines[0].trace});
  const std::string html = DrawHtml("<title> & more", page.schedules).value();
  for (const char* outside : {"http:", "https:", "//cdn", "@import", " src=", "<link"}) {
    CAPTURE(outside);
    CHECK(html.find(outside) == std::string::npos);
  }
  CHECK(html.find("<title>&lt;title&gt; &amp; more</title>") != std::string::npos);
  const std::string about = Between(html, "<script id=\"about\" type=\"application/json\">", "</script>");
  const nlohmann::json json = nlohmann::json::parse(about);
  CHECK(json["title"] == "<title> & more");
  CHECK(json["kinds"].size() == kNumKinds);
  CHECK(json["causes"].size() == kNumIdleCauses);
  REQUIRE(json["schedules"].size() == page.schedules.size());
  CHECK(json["schedules"][0]["name"] == "a </script> \"name\"");
  CHECK(json["schedules"][0]["subtitle"] == "two\nlines");
  CHECK(json["schedules"][0]["timelines"].size() == 2);
  CHECK(json["schedules"][0]["timelines"][1]["name"] == "measured");
  CHECK(json["schedules"][1]["timelines"][0]["bubble"].get<double>() > 0);
}

TEST_CASE("all schedules on 16 devices with 64 micro-batches take less than a megabyte") {
  const Page page = AllSchedules(16, 64);
  CHECK(DrawHtml("size", page.schedules).value().size() < 1'000'000);
}

}  // namespace
}  // namespace baton
