// Patterns of files, and files as memory.
#include "runtime/data/files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>

#include "absl/strings/match.h"

namespace baton {
namespace {

// A fresh folder for one test.
std::string MakeFolder(const std::string& name) {
  const std::string folder = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  REQUIRE(mkdir(folder.c_str(), 0700) == 0);
  return folder;
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

TEST_CASE("a pattern names regular files, sorted, each once") {
  const std::string folder = MakeFolder("pattern");
  Write(folder + "/b.txt", "b");
  Write(folder + "/B.txt", "B");
  Write(folder + "/a.txt", "a");
  Write(folder + "/other", "o");
  REQUIRE(mkdir((folder + "/c.txt").c_str(), 0700) == 0);
  REQUIRE(symlink("b.txt", (folder + "/d.txt").c_str()) == 0);
  REQUIRE(symlink("other", (folder + "/e.txt").c_str()) == 0);
  const auto files = ExpandPattern("data.text", folder + "/*.txt");
  REQUIRE(files.ok());
  CHECK(*files == std::vector<std::string>{folder + "/B.txt", folder + "/a.txt", folder + "/b.txt", folder + "/e.txt"});
}

TEST_CASE("a pattern without files is the user's mistake") {
  const std::string folder = MakeFolder("none");
  const std::string pattern = GENERATE_COPY(folder + "/*.txt", folder, std::string(), std::string("/a\0b", 4));
  const auto files = ExpandPattern("data.text", pattern);
  CHECK(files.status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(absl::StartsWith(files.status().message(), "data.text: "));
  rmdir(folder.c_str());
}

TEST_CASE("a mapped file has the bytes of the file") {
  const std::string folder = MakeFolder("mapped");
  Write(folder + "/two", "ab");
  Write(folder + "/none", "");
  const auto two = MappedFile::Open("data.tokens", folder + "/two");
  REQUIRE(two.ok());
  REQUIRE((*two)->bytes().size() == 2);
  CHECK((*two)->bytes()[1] == std::byte{'b'});
  const auto none = MappedFile::Open("data.tokens", folder + "/none");
  REQUIRE(none.ok());
  CHECK((*none)->bytes().empty());
}

TEST_CASE("what cannot be mapped is named") {
  const std::string folder = MakeFolder("unmapped");
  CHECK(MappedFile::Open("data.tokens", folder).status().message() == "data.tokens: " + folder + " is no regular file");
  const absl::Status missing = MappedFile::Open("data.tokens", folder + "/x").status();
  CHECK(absl::IsNotFound(missing));
  CHECK(absl::StartsWith(missing.message(), "data.tokens: cannot read " + folder + "/x"));
}

}  // namespace
}  // namespace baton
