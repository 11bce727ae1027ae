// The legend: an entry for each thing that the picture's parts have drawn.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/text_table.h"
#include "schedules/draw/palette.h"
#include "schedules/draw/svg_picture.h"

namespace baton {
namespace {

// About the mean width of a letter in the widest of the usual fonts, in pixels.
constexpr double kCharWidth = 6.8;

std::string Box(const std::string& attributes) {
  return absl::StrCat("<rect width=\"24\" height=\"15\" ", attributes, "/>");
}

// Places entries from left to right, in as many lines as they need.
class Legend {
 public:
  Legend(double top, SvgPicture& picture) : elements_(picture.elements), width_(picture.layout.width), y_(top) {}

  void Add(const std::string& name, const std::string& swatch) {
    const double width = 30 + kCharWidth * DisplayWidth(name) + 14;
    if (x_ + width > width_ - 14) BeginLine();
    elements_.Append(absl::StrCat("<g transform=\"translate(", SvgNumber(x_), " ", SvgNumber(y_), ")\">", swatch,
                                  "<text x=\"30\" y=\"12\">", EscapedXml(name), "</text></g>"));
    x_ += width;
  }
  void BeginLine() {
    x_ = 16;
    y_ += 22;
  }
  double y() const { return y_; }

 private:
  SvgElements& elements_;
  const double width_;
  double x_ = 16;
  double y_;
};

// Instructions: one entry a kind, and one for the shades of a device's chunks.
void AddKinds(const SvgDrawn& drawn, Legend& legend) {
  int most_shades = 0;
  std::set<Kind> named;
  const bool has_halves = std::any_of(drawn.kinds.begin(), drawn.kinds.end(),
                                      [](const auto& each) { return each.first == Kind::kBackwardInput; });
  for (const auto& [kind, shade] : drawn.kinds) {
    most_shades = std::max(most_shades, shade + 1);
    if (kind == Kind::kLoad || !named.insert(kind).second) continue;
    // Both have one colour: a Backward is a BackwardInput that computes the weight gradients, too.
    if (kind == Kind::kBackwardInput && named.count(Kind::kBackward) > 0) continue;
    const bool both = kind == Kind::kBackward && has_halves;
    legend.Add(both ? "backward, or its input half" : NameOf(kind),
               Box(absl::StrCat("fill=\"", PaintOf(kind, 0).fill, "\"")));
  }
  if (most_shades <= 1) return;
  std::string shades;
  for (int shade = 0; shade < most_shades; ++shade) {
    const double width = 24.0 / most_shades;
    absl::StrAppend(&shades, "<rect x=\"", SvgNumber(width * shade), "\" width=\"", SvgNumber(width),
                    "\" height=\"15\" fill=\"", PaintOf(Kind::kForward, shade).fill, "\"/>");
  }
  legend.Add("darker: the device's later chunks", shades);
}

}  // namespace

double DrawLegend(double top, SvgPicture& picture) {
  const SvgDrawn& drawn = picture.drawn;
  Legend legend(top + 12, picture);
  AddKinds(drawn, legend);
  if (drawn.critical_path) {
    legend.Add("critical path", "<rect y=\"9\" width=\"24\" height=\"3\" fill=\"#c1121f\"/>");
  }
  if (drawn.arrows) {
    legend.Add("transfer",
               "<path d=\"M2 3L20 12m-4 -.4L20 12l-2.2 -3.4\" fill=\"none\" stroke=\"#777\" stroke-width=\"0.9\"/>");
  }
  if (drawn.permanent_memory) legend.Add("live during the whole step", Box("fill=\"#4a5568\""));
  if (!drawn.causes.empty()) legend.BeginLine();
  for (IdleCause cause : drawn.causes) legend.Add(absl::StrCat("idle: ", WordsFor(cause)), Box(SvgHatch(cause)));
  if (picture.layout.dense) legend.Add("each column: what the device mostly did", "");
  return legend.y() + 30;
}

}  // namespace baton
