// expat's callbacks fill a list.
#include "tests/testing/xml.h"

#include <expat.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace baton {
namespace {

struct Document {
  std::vector<XmlElement> elements;
  std::vector<size_t> open;  // indices of elements
};

void Begin(void* user, const char* name, const char** attributes) {
  auto& document = *static_cast<Document*>(user);
  XmlElement element;
  element.name = name;
  for (; *attributes != nullptr; attributes += 2) element.attributes[attributes[0]] = attributes[1];
  document.open.push_back(document.elements.size());
  document.elements.push_back(element);
}

void End(void* user, const char*) { static_cast<Document*>(user)->open.pop_back(); }

void Characters(void* user, const char* text, int length) {
  auto& document = *static_cast<Document*>(user);
  document.elements[document.open.back()].text.append(text, static_cast<size_t>(length));
}

}  // namespace

double XmlElement::Number(const std::string& attribute) const {
  const auto found = attributes.find(attribute);
  return found == attributes.end() ? 0 : std::atof(found->second.c_str());
}

std::vector<XmlElement> ParseXml(const std::string& xml) {
  Document document;
  const XML_Parser parser = XML_ParserCreate(nullptr);
  XML_SetUserData(parser, &document);
  XML_SetElementHandler(parser, Begin, End);
  XML_SetCharacterDataHandler(parser, Characters);
  const bool is_well_formed =
      XML_Parse(parser, xml.data(), static_cast<int>(xml.size()), /*isFinal=*/1) == XML_STATUS_OK;
  const std::string error =
      absl::StrCat("line ", XML_GetCurrentLineNumber(parser), ": ", XML_ErrorString(XML_GetErrorCode(parser)));
  XML_ParserFree(parser);
  CAPTURE(error);
  REQUIRE(is_well_formed);
  return document.elements;
}

std::vector<XmlElement> ElementsOf(const std::vector<XmlElement>& elements, const std::string& name) {
  std::vector<XmlElement> found;
  for (const XmlElement& element : elements) {
    if (element.name == name) found.push_back(element);
  }
  return found;
}

}  // namespace baton
