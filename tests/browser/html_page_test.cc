// The HTML page in a real browser, clicked through: that it shows the numbers that were packed, and answers the mouse
// and the keys. Skipped without Chromium.
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <list>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "schedules/analyze/critical_path.h"
#include "schedules/analyze/idle.h"
#include "schedules/analyze/testing/simulated.h"
#include "schedules/draw/html.h"
#include "schedules/draw/palette.h"
#include "schedules/program/kind.h"
#include "tests/testing/browser.h"
#include "tests/testing/command.h"

namespace baton {
namespace {

// One browser for all tests. Null without Chromium: then the tests return at once, and the file counts as skipped.
Browser* TheBrowser() {
  static const std::unique_ptr<Browser> browser = [] {
    std::unique_ptr<Browser> started = Browser::Start(1200, 800);
    if (started == nullptr) {
      std::cout << "SKIPPED: no Chromium in /usr/bin; tools/setup --browser installs it\n";
    }
    return started;
  }();
  return browser.get();
}

struct Example {
  std::list<Simulated> runs;
  std::list<Trace> measured;
  std::vector<HtmlSchedule> schedules;
};

// Each schedule predicted; the first also "measured", with each forward a tenth longer.
Example MakeExample(int stages, int micro_batches, const std::vector<std::string>& names) {
  Example example;
  for (const std::string& name : names) {
    example.runs.push_back(SimulateEqual(name, stages, micro_batches, 200'000));
    const Simulated& run = example.runs.back();
    example.schedules.push_back({name, "an example", &run.program, {{"", &run.trace}}});
  }
  const Simulated& first = example.runs.front();
  Durations durations = DurationsOf(first.trace);
  for (int device = 0; device < stages; ++device) {
    for (size_t i = 0; i < durations[device].size(); ++i) {
      if (KindOf(first.program.devices[device].instructions[i].operation) == Kind::kForward) {
        durations[device][i] += durations[device][i] / 10;
      }
    }
  }
  example.measured.push_back(Replay(first.program, durations).value());
  example.schedules[0].timelines = {{"predicted", &first.trace}, {"measured", &example.measured.back()}};
  return example;
}

void OpenPage(Browser& browser, const Example& example) {
  const std::string path = absl::StrCat(NewPath("page"), ".html");
  std::ofstream(path, std::ios::binary) << DrawHtml("an example", example.schedules).value();
  browser.MoveTo(2, 2);
  browser.PreferDark(false);
  browser.Open(path);
  browser.Await("window.baton !== undefined && window.baton.view.panels.length > 0");
}

// Sums of what the page must show of a trace.
struct Sums {
  double starts = 0, ends = 0, events = 0, on_path = 0, idle = 0;
};

Sums SumsOf(const Program& program, const Trace& trace) {
  Sums sums;
  Nanos step_time = 0;
  for (const auto& device : trace.devices) {
    for (const Interval& interval : device) step_time = std::max(step_time, interval.end);
  }
  for (int device = 0; device < program.num_devices(); ++device) {
    for (size_t i = 0; i < trace.devices[device].size(); ++i) {
      if (!IsWork(KindOf(program.devices[device].instructions[i].operation))) continue;
      sums.starts += static_cast<double>(trace.devices[device][i].start);
      sums.ends += static_cast<double>(trace.devices[device][i].end);
      ++sums.events;
    }
    for (const IdleSpan& span : IdleSpansOf(program.devices[device], trace.devices[device], step_time)) {
      sums.idle += static_cast<double>(span.end - span.begin);
    }
  }
  for (const PathSegment& segment : CriticalPath(program, Dependencies(program), trace)) {
    const Kind kind = KindOf(program.devices[segment.ref.device].instructions[segment.ref.instruction].operation);
    if (IsWork(kind)) ++sums.on_path;
  }
  return sums;
}

TEST_CASE("the page reads back every time, cause and critical instruction") {
  Browser* const browser = TheBrowser();
  if (browser == nullptr) return;
  const Example example = MakeExample(4, 6, {"1f1b", "zb-v", "dualpipe"});
  OpenPage(*browser, example);
  for (size_t index = 0; index < example.schedules.size(); ++index) {
    const HtmlSchedule& schedule = example.schedules[index];
    for (size_t t = 0; t < schedule.timelines.size(); ++t) {
      const Sums sums = SumsOf(*schedule.program, *schedule.timelines[t].trace);
      const auto shown = browser->Evaluate(absl::StrCat(R"((() => {
        const timeline = baton.view.about.schedules[)",
                                                        index, "].timelines[", t, R"(];
        const sum = (arrays) => arrays.reduce((all, one) => all + one.reduce((a, b) => a + b, 0), 0);
        return { starts: sum(timeline.events.map((e) => e.start)), ends: sum(timeline.events.map((e) => e.end)),
          events: sum(timeline.events.map((e) => [e.start.length])), path: sum(timeline.events.map((e) => e.path)),
          idle: sum(timeline.idle.map((i) => i.end)) - sum(timeline.idle.map((i) => i.start)) };
      })())"));
      CHECK(shown["starts"] == sums.starts);
      CHECK(shown["ends"] == sums.ends);
      CHECK(shown["events"] == sums.events);
      CHECK(shown["path"] == sums.on_path);
      CHECK(shown["idle"] == sums.idle);
    }
  }
  CHECK(browser->Evaluate("document.querySelectorAll('#schedules button').length") == 3);
  CHECK(browser->Evaluate("document.getElementById('title').textContent") == "an example");
}

// Where an event is on the screen: the middle of it.
nlohmann::json MiddleOf(Browser& browser, int panel, int device, int event) {
  return browser.Evaluate(absl::StrCat(R"((() => {
    const view = baton.view, panel = view.panels[)",
                                       panel, "], box = baton.canvas.getBoundingClientRect();\n",
                                       "const row = panel.timeline.events[", device, "], event = ", event, R"(;
    return { x: box.left + (view.x(row.start[event]) + view.x(row.end[event])) / 2,
      y: box.top + panel.top + )",
                                       device, " * panel.row + panel.bar / 2 };\n})()"));
}

TEST_CASE("hovering tells what, when, for whom it waited and whether it is critical") {
  Browser* const browser = TheBrowser();
  if (browser == nullptr) return;
  OpenPage(*browser, MakeExample(4, 6, {"1f1b", "zb-v"}));
  auto tip_at = [&](double x, double y) {
    browser->MoveTo(x, y);
    browser->Await("!document.getElementById('tip').hidden");
    return std::string(browser->Evaluate("document.getElementById('tip').textContent"));
  };
  // The measured panel's first forward of device 1.
  const auto forward = MiddleOf(*browser, 1, 1, 0);
  const std::string text = tip_at(forward["x"], forward["y"]);
  CAPTURE(text);
  CHECK(absl::StrContains(text, "forward, chunk 1, micro-batch 0"));
  CHECK(absl::StrContains(text, "took 1.10 ms"));
  CHECK(absl::StrContains(text, "predicted: 1.00 ms"));
  CHECK(absl::StrContains(text, "waiting for forward, chunk 0, micro-batch 0 on device 0"));
  CHECK(absl::StrContains(text, "on the critical path"));
  CHECK_FALSE(absl::StrContains(text, "not on the critical path"));
  // Before it, the device is idle.
  const auto idle = MiddleOf(*browser, 1, 0, 0);
  const std::string before = tip_at(idle["x"], forward["y"]);
  CHECK(absl::StrContains(before, "idle: fill"));
  CHECK(absl::StrContains(before, "before forward, chunk 1, micro-batch 0"));
  browser->MoveTo(5, 5);
  browser->Await("document.getElementById('tip').hidden");
}

TEST_CASE("schedules are switched on one time axis, by mouse and keys") {
  Browser* const browser = TheBrowser();
  if (browser == nullptr) return;
  OpenPage(*browser, MakeExample(4, 6, {"1f1b", "zb-v", "gpipe"}));
  const auto before = browser->Evaluate("[baton.view.from, baton.view.to]");
  const auto button = browser->Evaluate(
      "(() => { const b = document.querySelectorAll('#schedules button')[1].getBoundingClientRect();"
      " return { x: b.x + 10, y: b.y + 10 }; })()");
  browser->Click(button["x"], button["y"]);
  CHECK(browser->Evaluate("baton.view.chosen") == nlohmann::json({1}));
  CHECK(browser->Evaluate("[baton.view.from, baton.view.to]") == before);
  browser->Await("baton.view.panels.length === 1 && baton.view.panels[0].schedule.name === 'zb-v'");
  CHECK(browser->Evaluate("document.querySelectorAll('#schedules button')[1].getAttribute('aria-pressed')") == "true");
  browser->Press("]");
  CHECK(browser->Evaluate("baton.view.chosen") == nlohmann::json({2}));
  browser->Press("]");
  CHECK(browser->Evaluate("baton.view.chosen") == nlohmann::json({0}));
  // The first one has a prediction above its measurement.
  browser->Await("baton.view.panels.length === 2 && baton.view.panels[0].timeline.name === 'predicted'");
  browser->Press("[");
  CHECK(browser->Evaluate("baton.view.chosen") == nlohmann::json({2}));
}

TEST_CASE("the wheel zooms around the mouse, dragging and arrows pan, 0 shows all") {
  Browser* const browser = TheBrowser();
  if (browser == nullptr) return;
  OpenPage(*browser, MakeExample(4, 6, {"1f1b"}));
  const auto box =
      browser->Evaluate("(() => { const b = baton.canvas.getBoundingClientRect(); return { x: b.x, y: b.y }; })()");
  const double x = box["x"].get<double>() + 500, y = box["y"].get<double>() + 80;
  const double at = browser->Evaluate("baton.view.timeAt(500)");
  browser->Wheel(x, y, -400);
  browser->Await("baton.view.to - baton.view.from < 0.8 * baton.view.longest");
  CHECK(browser->Evaluate("baton.view.timeAt(500)").get<double>() == Approx(at).epsilon(0.001));
  const double from = browser->Evaluate("baton.view.from");
  browser->Drag(x, y, x - 100, y);
  const double dragged = browser->Evaluate("baton.view.from");
  CHECK(dragged > from);
  browser->Press("ArrowLeft");
  CHECK(browser->Evaluate("baton.view.from").get<double>() < dragged);
  browser->Press("0");
  CHECK(browser->Evaluate("baton.view.from") == 0);
  CHECK(browser->Evaluate("baton.view.to === baton.view.longest") == true);
  browser->Press("+");
  CHECK(browser->Evaluate("baton.view.to - baton.view.from < 0.6 * baton.view.longest") == true);
  for (int i = 0; i < 80; ++i) browser->Press("+");
  CHECK(browser->Evaluate("baton.view.to - baton.view.from >= 50") == true);
  browser->Press("c");
  CHECK(browser->Evaluate("baton.view.options.path") == false);
  browser->Press("m");
  CHECK(browser->Evaluate("baton.view.options.memory") == false);
}

// The colour of a pixel of the canvas, as "r,g,b".
std::string PixelAt(Browser& browser, double x, double y) {
  return browser.Evaluate(absl::StrCat("(() => { const b = baton.canvas.getBoundingClientRect(); baton.drawNow();",
                                       " return [...baton.canvas.getContext('2d').getImageData(", x, " - b.x, ", y,
                                       " - b.y, 1, 1).data].slice(0, 3).join(','); })()"));
}

TEST_CASE("events have the palette's colours, and the page follows the system's light and dark") {
  Browser* const browser = TheBrowser();
  if (browser == nullptr) return;
  OpenPage(*browser, MakeExample(2, 3, {"gpipe"}));
  const auto middle = MiddleOf(*browser, 0, 0, 1);
  // Beside the number, of device 0's second forward.
  const std::string fill = PixelAt(*browser, middle["x"].get<double>() - 20, middle["y"].get<double>() - 8);
  const std::string expected(PaintOf(Kind::kForward, 0).fill);
  const auto part = [&](int at) { return std::to_string(std::stoi(expected.substr(at, 2), nullptr, 16)); };
  CHECK(fill == part(1) + "," + part(3) + "," + part(5));
  const auto corner = browser->Evaluate(
      "(() => { const b = baton.canvas.getBoundingClientRect(); return { x: b.x + 3, y: b.y + 3 }; })()");
  browser->PreferDark(false);
  CHECK(PixelAt(*browser, corner["x"], corner["y"]) == "255,255,255");
  browser->PreferDark(true);
  browser->Await("getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'");
  browser->Await("baton.painter.colour.back !== '#ffffff'");
  CHECK(PixelAt(*browser, corner["x"], corner["y"]) == "22,24,28");
}

TEST_CASE("several schedules on 64 devices with 512 micro-batches can be looked at") {
  Browser* const browser = TheBrowser();
  if (browser == nullptr) return;
  OpenPage(*browser, MakeExample(64, 512, {"1f1b", "zb-h1", "zb-v"}));
  browser->Press("]");
  browser->Press("]");
  browser->Await("baton.view.panels.length === 1 && baton.view.panels[0].schedule.name === 'zb-v'");
  // Two chunks, forward, and backward in two halves.
  CHECK(browser->Evaluate("baton.view.about.schedules[2].events[7].count") == 2 * 3 * 512);
  browser->Evaluate("baton.drawNow()");
}

}  // namespace
}  // namespace baton
