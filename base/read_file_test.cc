// Files are read up to the limit; a file that cannot be read is an error.
#include "base/read_file.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

namespace baton {
namespace {

TEST_CASE("a file is read whole, or its first bytes") {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/file";
  const std::string contents = std::string(200'000, 'x') + "\r\nlast\n";
  std::ofstream(path, std::ios::binary) << contents;
  CHECK(ReadFile("file", path, 1 << 20).value() == contents);
  CHECK(ReadFile("file", path, contents.size()).value() == contents);
  CHECK(ReadFile("file", path, 100'000).value() == contents.substr(0, 100'000));
  CHECK(ReadFile("file", path, 0).value().empty());
}

TEST_CASE("- is standard input") {
  CHECK(NameOfFile("-") == "standard input");
  CHECK(NameOfFile("a/-") == "a/-");
}

TEST_CASE("an error names the path") {
  const absl::Status missing = ReadFile("costs file", "/no/such/file", 10).status();
  CHECK(missing.code() == absl::StatusCode::kInvalidArgument);
  CHECK(missing.message() == "cannot read costs file /no/such/file: No such file or directory");
  const absl::Status folder = ReadFile("costs file", "/", 10).status();
  CHECK(folder.message() == "cannot read costs file /: Is a directory");
}

}  // namespace
}  // namespace baton
