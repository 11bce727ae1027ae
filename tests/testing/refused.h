// For tests of commands that refuse their input.
#ifndef BATON_TESTS_TESTING_REFUSED_H_
#define BATON_TESTS_TESTING_REFUSED_H_

#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/testing/command.h"

namespace baton {

// One refused input; a test case goes through a table of them.
struct Refused {
  std::string arguments;  // separated by single spaces
  std::string message;
};

// Checks that `baton ARGUMENTS` says `message` on standard error, prints nothing, and exits with 2.
inline void CheckRefused(const std::vector<std::string>& arguments, const std::string& message) {
  CAPTURE(arguments);
  const CommandResult result = Baton(arguments);
  CHECK(result.status == 2);
  CHECK(result.out.empty());
  CHECK(result.err == absl::StrCat("baton: ", message, "\n"));
}

// Writes `text` to a new file and returns its path.
inline std::string WriteNewFile(const std::string& text) {
  const std::string path = NewPath("file");
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

}  // namespace baton

#endif  // BATON_TESTS_TESTING_REFUSED_H_
