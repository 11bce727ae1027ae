// The fixed page, a description in JSON, and the packed events.
#include "schedules/draw/html.h"

#include <zlib.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/json_string.h"
#include "schedules/analyze/analysis.h"
#include "schedules/analyze/idle.h"
#include "schedules/draw/pack_timeline.h"
#include "schedules/draw/palette.h"
#include "schedules/draw/svg_elements.h"
#include "schedules/program/kind.h"

namespace baton {
namespace {

// kPageStyle, kPageBody and kPageScript: the files of page/, by a genrule.
#include "schedules/draw/page.inc"

// A JSON string that may stand in a <script>: "</script>" in `text` does not end it.
std::string Quoted(absl::string_view text) { return absl::StrReplaceAll(JsonString(text), {{"<", "\\u003c"}}); }

// Names and colours of kinds and causes; the page takes them from here.
std::string DescribeLooks() {
  std::string json = "\"kinds\":[";
  for (int i = 0; i < kNumKinds; ++i) {
    const auto kind = static_cast<Kind>(i);
    absl::StrAppend(&json, i == 0 ? "" : ",", "{\"name\":", Quoted(NameOf(kind)), ",\"fill\":[");
    for (int shade = 0; shade < kNumShades; ++shade) {
      absl::StrAppend(&json, shade == 0 ? "" : ",", Quoted(PaintOf(kind, shade).fill));
    }
    absl::StrAppend(&json, "],\"text\":[");
    for (int shade = 0; shade < kNumShades; ++shade) {
      absl::StrAppend(&json, shade == 0 ? "" : ",", Quoted(PaintOf(kind, shade).text));
    }
    json += "]}";
  }
  json += "],\"causes\":[";
  for (int i = 0; i < kNumIdleCauses; ++i) {
    const auto cause = static_cast<IdleCause>(i);
    absl::StrAppend(&json, i == 0 ? "" : ",", "{\"name\":", Quoted(NameOf(cause)),
                    ",\"words\":", Quoted(WordsFor(cause)), ",\"ink\":", Quoted(InkOf(cause)), "}");
  }
  return json + "]";
}

std::string DescribeSchedules(absl::Span<const HtmlSchedule> schedules) {
  std::string json = "\"schedules\":[";
  for (size_t i = 0; i < schedules.size(); ++i) {
    const HtmlSchedule& schedule = schedules[i];
    absl::StrAppend(&json, i == 0 ? "" : ",", "{\"name\":", Quoted(schedule.name),
                    ",\"subtitle\":", Quoted(schedule.subtitle), ",\"timelines\":[");
    for (size_t t = 0; t < schedule.timelines.size(); ++t) {
      const StepReport report = Analyze(*schedule.program, *schedule.timelines[t].trace);
      absl::StrAppend(
          &json, t == 0 ? "" : ",", "{\"name\":", Quoted(schedule.timelines[t].name),
          absl::StrFormat(",\"bubble\":%.6g,\"span_bubble\":%.6g}", report.bubble_ratio, report.span_bubble_ratio));
    }
    json += "]}";
  }
  return json + "]";
}

absl::StatusOr<std::string> Compressed(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string compressed(size, '\0');
  const int result = compress2(reinterpret_cast<Bytef*>(&compressed[0]), &size,
                               reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), Z_BEST_COMPRESSION);
  if (result != Z_OK) return absl::InternalError(absl::StrCat("zlib: error ", result));
  compressed.resize(size);
  return compressed;
}

}  // namespace

absl::StatusOr<std::string> DrawHtml(const std::string& title, absl::Span<const HtmlSchedule> schedules,
                                     const TransportModel& transport) {
  NumberPacker packer;
  for (const HtmlSchedule& schedule : schedules) {
    std::vector<const Trace*> traces;
    for (const HtmlSchedule::Timeline& timeline : schedule.timelines) traces.push_back(timeline.trace);
    PackSchedule(*schedule.program, traces, transport, packer);
  }
  absl::StatusOr<std::string> events = Compressed(packer.bytes());
  if (!events.ok()) return events.status();
  return absl::StrCat("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n",
                      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>", EscapedXml(title),
                      "</title>\n<style>\n", kPageStyle, "</style>\n</head>\n<body>\n", kPageBody,
                      "<script id=\"about\" type=\"application/json\">{\"title\":", Quoted(title), ",", DescribeLooks(),
                      ",", DescribeSchedules(schedules), "}</script>\n<script id=\"events\" type=\"text/plain\">",
                      absl::Base64Escape(*events), "</script>\n<script>\n", kPageScript,
                      "</script>\n</body>\n</html>\n");
}

}  // namespace baton
