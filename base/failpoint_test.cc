// Each case runs in a child process, since a process reads BATON_FAIL once.
#include "base/failpoint.h"

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

namespace baton {
namespace {

// The wait status of a child that runs `body` with BATON_FAIL=`variable`; the child exits with what `body` returns.
int StatusOfChild(const char* variable, const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    setenv("BATON_FAIL", variable, 1);
    std::fclose(stderr);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

int ExitOf(const char* variable, const std::function<int()>& body) {
  const int status = StatusOfChild(variable, body);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("without the variable nothing fails") {
  CHECK(ExitOf("", [] {
          int failed = 0;
          for (const absl::string_view name : FailpointNames()) failed += Failpoint(name).ok() ? 0 : 1;
          return failed;
        }) == 0);
}

TEST_CASE("kill ends the process at the NTH call") {
  int done[2];
  REQUIRE(pipe(done) == 0);
  const int status = StatusOfChild("file.rename:3:kill", [&] {
    for (int call = 0; call < 5; ++call) {
      (void)Failpoint("file.write");
      (void)Failpoint("file.rename");
      (void)!write(done[1], "x", 1);
    }
    return 0;
  });
  close(done[1]);
  char calls[8];
  CHECK(read(done[0], calls, sizeof(calls)) == 2);
  close(done[0]);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGKILL);
}

TEST_CASE("exit ends the process with status 70") {
  CHECK(ExitOf("file.fsync:1:exit", [] { return Failpoint("file.fsync").ok() ? 0 : 1; }) == 70);
}

TEST_CASE("a full disk stays full from the NTH call on") {
  CHECK(ExitOf("file.write:2:enospc", [] {
          const bool first = Failpoint("file.write").ok();
          const absl::Status second = Failpoint("file.write");
          const absl::Status third = Failpoint("file.write");
          return first && absl::IsResourceExhausted(second) && absl::IsResourceExhausted(third) ? 10 : 11;
        }) == 10);
  CHECK(ExitOf("file.write:1:eio", [] { return Failpoint("file.write").ok() ? 11 : 10; }) == 10);
}

TEST_CASE("a failure can be that of one rank") {
  const auto fails = [] { return Failpoint("file.write").ok() ? 10 : 11; };
  setenv("BATON_RANK", "3", 1);
  CHECK(ExitOf("3:file.write:1:eio", fails) == 11);
  CHECK(ExitOf("2:file.write:1:eio", fails) == 10);
  unsetenv("BATON_RANK");
  CHECK(ExitOf("3:file.write:1:eio", fails) == 10);
}

TEST_CASE("a variable that injects nothing is refused") {
  for (const char* variable :
       {"file.write", "file.write:1", "file.wirte:1:kill", "file.write:0:kill", "file.write:x:kill",
        "file.write:1:explode", "file.write:1:kill:1", "x:file.write:1:kill", "1:file.wirte:1:kill"}) {
    INFO(variable);
    CHECK(ExitOf(variable, [] { return Failpoint("file.write").ok() ? 0 : 1; }) == 2);
  }
}

}  // namespace
}  // namespace baton
