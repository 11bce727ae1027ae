// --svg and --html: timelines as files. Used by simulate, compare, rehearse and explain.
#ifndef BATON_TOOLS_BATON_PICTURES_H_
#define BATON_TOOLS_BATON_PICTURES_H_

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "schedules/draw/html.h"
#include "schedules/program/transport_model.h"

namespace baton {

// As typed; empty where not given.
struct PictureFlags {
  std::string svg;
  std::string html;

  bool any() const { return !svg.empty() || !html.empty(); }
};

// `with_svg`: for commands that look at one schedule.
void AddPictureFlags(CLI::App& command, PictureFlags& flags, bool with_svg);

// Checks that a file can be written, and leaves it empty. Called before time is spent on its contents. Does nothing for
// an empty path. Errors: InvalidArgument with `flag`.
absl::Status CheckWritable(const std::string& flag, const std::string& path);
absl::Status CheckWritable(const PictureFlags& flags);

// Writes the files that the flags name. The SVG shows the first schedule's last timeline (the measured one, where there
// are two), the HTML page all timelines.
absl::Status WritePictures(const PictureFlags& flags, const std::string& title,
                           const std::vector<HtmlSchedule>& schedules, const TransportModel& transport = {});

// The first line of a text.
std::string FirstLine(const std::string& text);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_PICTURES_H_
