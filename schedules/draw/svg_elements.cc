// See svg_elements.h.
#include "schedules/draw/svg_elements.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/printable.h"

namespace baton {

std::string EscapedXml(const std::string& text) {
  return absl::StrReplaceAll(Printable(text), {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string SvgNumber(double value) {
  std::string text = absl::StrFormat("%.2f", value);
  while (text.back() == '0') text.pop_back();
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

void SvgElements::Rect(double x, double y, double width, double height, const std::string& attributes) {
  absl::StrAppend(&xml_, "<rect x=\"", SvgNumber(x), "\" y=\"", SvgNumber(y), "\" width=\"", SvgNumber(width),
                  "\" height=\"", SvgNumber(height), "\" ", attributes, "/>\n");
}

void SvgElements::Text(double x, double y, const std::string& attributes, const std::string& text) {
  absl::StrAppend(&xml_, "<text x=\"", SvgNumber(x), "\" y=\"", SvgNumber(y), "\"", attributes.empty() ? "" : " ",
                  attributes, ">", EscapedXml(text), "</text>\n");
}

void SvgElements::Path(const std::string& data, const std::string& attributes) {
  absl::StrAppend(&xml_, "<path d=\"", data, "\" ", attributes, "/>\n");
}

void SvgElements::BeginGroup(const std::string& attributes) { absl::StrAppend(&xml_, "<g ", attributes, ">\n"); }

void SvgElements::EndGroup() { absl::StrAppend(&xml_, "</g>\n"); }

void SvgElements::Append(const std::string& element) { absl::StrAppend(&xml_, element, "\n"); }

}  // namespace baton
