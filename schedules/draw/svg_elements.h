// The elements of an SVG file as text: rectangles, texts, paths and groups. Used by the pictures.
#ifndef BATON_SCHEDULES_DRAW_SVG_ELEMENTS_H_
#define BATON_SCHEDULES_DRAW_SVG_ELEMENTS_H_

#include <string>

namespace baton {

// Text for XML and HTML, also inside of double quotes.
std::string EscapedXml(const std::string& text);

// A coordinate or length with at most two decimals, as "12", "0.25".
std::string SvgNumber(double value);

// Appends elements, one a line. All lengths in pixels; `attributes` are XML as they stand, as `fill="#fff"`.
class SvgElements {
 public:
  void Rect(double x, double y, double width, double height, const std::string& attributes);
  // `text` is escaped.
  void Text(double x, double y, const std::string& attributes, const std::string& text);
  // `data`: the path's commands, as "M0 0H20".
  void Path(const std::string& data, const std::string& attributes);
  // Until EndGroup.
  void BeginGroup(const std::string& attributes);
  void EndGroup();
  // Any other element, as it stands.
  void Append(const std::string& element);

  const std::string& xml() const { return xml_; }

 private:
  std::string xml_;
};

}  // namespace baton

#endif  // BATON_SCHEDULES_DRAW_SVG_ELEMENTS_H_
