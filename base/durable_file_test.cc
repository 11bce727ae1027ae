// A file is the old one or the new one, at every failure that can be injected.
#include "base/durable_file.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/failpoint.h"
#include "base/write_file.h"

namespace baton {
namespace {

namespace fs = std::filesystem;

std::string NewFolder() {
  std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/XXXXXX");
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  return folder;
}

std::string Contents(const std::string& path) {
  std::stringstream contents;
  contents << std::ifstream(path).rdbuf();
  return contents.str();
}

TEST_CASE("until it is committed a file is not there") {
  const std::string folder = NewFolder();
  const std::string path = folder + "/file";
  {
    auto file = DurableFile::Create(path);
    REQUIRE(file.ok());
    REQUIRE((*file)->Append("half").ok());
    CHECK(!fs::exists(path));
  }
  CHECK(fs::is_empty(folder));

  auto file = DurableFile::Create(path);
  REQUIRE((*file)->Append("who").ok());
  REQUIRE((*file)->Append("le").ok());
  REQUIRE((*file)->Commit().ok());
  CHECK(Contents(path) == "whole");
  CHECK(!fs::exists(path + ".partial"));
}

TEST_CASE("at every failure a file is the old one or the new one, and errors leave no temporary file") {
  const std::string old_contents = "old", new_contents(3 << 20, 'n');
  for (const absl::string_view name : FailpointNames()) {
    if (!absl::StartsWith(name, "file.") && !absl::StartsWith(name, "folder.")) continue;  // of other files
    for (const char* action : {"kill", "exit", "enospc", "eio"}) {
      for (int nth = 1; nth <= (name == "file.write" ? 3 : 1); ++nth) {
        const std::string path = NewFolder() + "/file";
        REQUIRE(WriteFile(path, old_contents).ok());
        const std::string variable = absl::StrCat(name, ":", nth, ":", action);
        INFO(variable);
        // A process reads BATON_FAIL at its first call, so the write that fails is a program of its own.
        const std::string command = absl::StrCat("BATON_FAIL=", variable, " base/testing/write_once ", path);
        const int status = std::system(command.c_str());
        CHECK(status != 0);
        const bool renamed = name == "folder.fsync";
        CHECK(Contents(path) == (renamed ? new_contents : old_contents));
        const bool returns_error = action[0] == 'e' && action[1] != 'x';
        if (returns_error) CHECK(!fs::exists(path + ".partial"));
        // The next write is whole in any case.
        REQUIRE(WriteFile(path, "next").ok());
        CHECK(Contents(path) == "next");
      }
    }
  }
}

TEST_CASE("a link is followed, the mode of the earlier file stays") {
  const std::string folder = NewFolder();
  REQUIRE(WriteFile(folder + "/file", "old").ok());
  REQUIRE(chmod((folder + "/file").c_str(), 0640) == 0);
  fs::create_symlink("file", folder + "/link");
  REQUIRE(WriteFile(folder + "/link", "new").ok());
  CHECK(fs::is_symlink(folder + "/link"));
  CHECK(Contents(folder + "/file") == "new");
  struct stat about;
  REQUIRE(stat((folder + "/file").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0640);
}

TEST_CASE("a device is written in place") {
  CHECK(WriteFile("/dev/null", "x").ok());
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(absl::IsResourceExhausted(WriteFile("/dev/full", "x")));
}

TEST_CASE("a folder is no file") {
  const absl::Status status = WriteFile(NewFolder(), "x");
  CHECK(!status.ok());
  CHECK(std::string(status.message()).find("Is a directory") != std::string::npos);
}

}  // namespace
}  // namespace baton
