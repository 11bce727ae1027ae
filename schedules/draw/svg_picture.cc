// Sizes by the number of devices; see svg_picture.h.
#include "schedules/draw/svg_picture.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "schedules/draw/palette.h"
#include "schedules/program/form/describe.h"

namespace baton {

SvgLayout MakeSvgLayout(const Program& program, const Trace& trace, Nanos step_time, double width) {
  const int devices = program.num_devices();
  SvgLayout layout;
  layout.width = std::max(400.0, width);
  layout.row = devices <= 8 ? 30 : devices <= 16 ? 24 : devices <= 32 ? 16 : 10;
  layout.gap = devices <= 16 ? 9 : devices <= 32 ? 4 : 2;
  layout.strip = devices <= 8 ? 20 : devices <= 16 ? 14 : devices <= 32 ? 9 : 6;
  layout.scale = layout.TimeWidth() / static_cast<double>(std::max<Nanos>(1, step_time));
  size_t drawn = 0;
  double pixels = 0;
  for (int device = 0; device < devices; ++device) {
    for (size_t i = 0; i < trace.devices[device].size(); ++i) {
      if (!IsWork(KindOf(program.devices[device].instructions[i].operation))) continue;
      ++drawn;
      pixels += layout.Width(trace.devices[device][i].start, trace.devices[device][i].end);
    }
  }
  layout.dense = drawn > 0 && pixels / static_cast<double>(drawn) < kSvgColumn;
  return layout;
}

int SvgPicture::ShadeOf(int device, const Operation& operation) const {
  const auto& chunks = program.devices[device].chunks;
  for (size_t n = 0; n < chunks.size(); ++n) {
    if (chunks[n].chunk == ChunkOf(operation)) return static_cast<int>(n) % kNumShades;
  }
  return 0;
}

std::string SvgHatch(IdleCause cause) { return absl::StrCat("fill=\"url(#", NameOf(cause), ")\""); }

}  // namespace baton
