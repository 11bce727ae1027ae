// Reads XML by expat, for tests of pictures: what is not well-formed fails the test.
//
//   for (const XmlElement& text : ElementsOf(ParseXml(svg), "text")) CHECK(text.Number("x") > 0);
#ifndef BATON_TESTS_TESTING_XML_H_
#define BATON_TESTS_TESTING_XML_H_

#include <map>
#include <string>
#include <vector>

namespace baton {

struct XmlElement {
  std::string name;
  std::map<std::string, std::string> attributes;
  std::string text;  // of the element itself, decoded

  // The attribute as a number; 0 if there is none.
  double Number(const std::string& attribute) const;
};

// All elements of a document, each after those that contain it. Requires, as a Catch2 assertion, that it is
// well-formed.
std::vector<XmlElement> ParseXml(const std::string& xml);

// Those with a name.
std::vector<XmlElement> ElementsOf(const std::vector<XmlElement>& elements, const std::string& name);

}  // namespace baton

#endif  // BATON_TESTS_TESTING_XML_H_
