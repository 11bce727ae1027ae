// The lock holds against a second process, and a dead process does not keep it.
#include "runtime/train/folder_lock.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace baton {
namespace {

std::string NewFolder() {
  std::string folder = absl::StrCat(std::getenv("TEST_TMPDIR"), "/XXXXXX");
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  return folder;
}

// A process that takes the lock, says so, and waits to be killed.
pid_t StartOwner(const std::string& folder) {
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = FolderLock::Take(folder);
    (void)!write(ready[1], lock.ok() ? "y" : "n", 1);
    while (true) pause();
  }
  char taken = 'n';
  REQUIRE(read(ready[0], &taken, 1) == 1);
  REQUIRE(taken == 'y');
  close(ready[0]);
  close(ready[1]);
  return child;
}

TEST_CASE("a second process is refused by name; a dead one's lock is taken over") {
  const std::string folder = NewFolder();
  const pid_t owner = StartOwner(folder);
  const absl::Status refused = FolderLock::Take(folder).status();
  CHECK(absl::IsFailedPrecondition(refused));
  CHECK(absl::StartsWith(refused.message(), absl::StrCat(folder, " is in use by process ", owner, " on host ")));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  CHECK(FolderLock::Take(folder).ok());
}

TEST_CASE("a lock that was given back leaves no file and can be taken again") {
  const std::string folder = NewFolder();
  for (int i = 0; i < 3; ++i) {
    REQUIRE(FolderLock::Take(folder).ok());
    CHECK(std::filesystem::is_empty(folder));
  }
}

TEST_CASE("a folder that is not there cannot be locked") {
  CHECK(FolderLock::Take("/no/such/folder").status().code() == absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace baton
