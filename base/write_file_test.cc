// Files have the contents that were written last; a file that cannot be written is an error.
#include "base/write_file.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace baton {
namespace {

TEST_CASE("a file has the contents that were written last") {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/file";
  REQUIRE(WriteFile(path, "longer contents") == absl::OkStatus());
  REQUIRE(WriteFile(path, "short") == absl::OkStatus());
  std::stringstream contents;
  contents << std::ifstream(path).rdbuf();
  CHECK(contents.str() == "short");
}

TEST_CASE("an error names the path") {
  CHECK(WriteFile("/no/such/folder/file", "x").code() == absl::StatusCode::kNotFound);
  const absl::Status full = WriteFile("/dev/full", std::string(1 << 20, 'x'));
  CHECK(full.code() == absl::StatusCode::kResourceExhausted);
  CHECK(std::string(full.message()).find("/dev/full: cannot be written") == 0);
}

}  // namespace
}  // namespace baton
