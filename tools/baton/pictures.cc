#include "tools/baton/pictures.h"

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "base/write_file.h"
#include "schedules/draw/svg.h"

namespace baton {

void AddPictureFlags(CLI::App& command, PictureFlags& flags, bool with_svg) {
  if (with_svg) {
    command.add_option("--svg", flags.svg, "Write the timeline as a figure, with the causes of idle time, and memory")
        ->type_name("FILE");
  }
  command
      .add_option("--html", flags.html,
                  with_svg ? "Write the timeline as a page for any browser: zoom, pan, hover"
                           : "Write all timelines as one page for any browser: zoom, pan, hover")
      ->type_name("FILE");
}

absl::Status CheckWritable(const std::string& flag, const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  const absl::Status writable = WriteFile(path, "");
  if (writable.ok()) return writable;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", std::string(writable.message())));
}

absl::Status CheckWritable(const PictureFlags& flags) {
  if (!flags.svg.empty() && flags.svg == flags.html) {
    return absl::InvalidArgumentError(absl::StrCat("--svg and --html: both name ", flags.svg));
  }
  BATON_RETURN_IF_ERROR(CheckWritable("--svg", flags.svg));
  return CheckWritable("--html", flags.html);
}

absl::Status WritePictures(const PictureFlags& flags, const std::string& title,
                           const std::vector<HtmlSchedule>& schedules, const TransportModel& transport) {
  if (schedules.empty()) return absl::OkStatus();
  if (!flags.svg.empty()) {
    const HtmlSchedule& schedule = schedules.front();
    const HtmlSchedule::Timeline& timeline = schedule.timelines.back();
    SvgOptions options;
    options.title = absl::StrCat(title, timeline.name.empty() ? "" : ", ", timeline.name);
    options.transport = transport;
    BATON_RETURN_IF_ERROR(WriteFile(flags.svg, DrawSvg(*schedule.program, *timeline.trace, options)));
  }
  if (flags.html.empty()) return absl::OkStatus();
  BATON_ASSIGN_OR_RETURN(const std::string html, DrawHtml(title, schedules, transport));
  return WriteFile(flags.html, html);
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace baton
