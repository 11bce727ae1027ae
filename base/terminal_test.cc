// A pseudo-terminal in place of the user's.
#include "base/terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace baton {
namespace {

// The end of a new pseudo-terminal that programs write to.
int OpenTerminal(unsigned short columns) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  REQUIRE(master >= 0);
  REQUIRE(grantpt(master) == 0);
  REQUIRE(unlockpt(master) == 0);
  const int terminal = open(ptsname(master), O_RDWR | O_NOCTTY);
  REQUIRE(terminal >= 0);
  winsize size = {};
  size.ws_col = columns;
  REQUIRE(ioctl(terminal, TIOCSWINSZ, &size) == 0);
  return terminal;
}

TEST_CASE("TERM and NO_COLOR decide what a terminal is used for") {
  const int terminal = OpenTerminal(72);
  unsetenv("NO_COLOR");
  setenv("TERM", "xterm", 1);
  CHECK(CanOverwrite(terminal));
  CHECK(CanColor(terminal));
  CHECK(ColumnsOf(terminal, 120) == 72);
  setenv("NO_COLOR", "", 1);
  CHECK(CanColor(terminal));
  setenv("NO_COLOR", "1", 1);
  CHECK(CanOverwrite(terminal));
  CHECK_FALSE(CanColor(terminal));
  unsetenv("NO_COLOR");
  setenv("TERM", "dumb", 1);
  CHECK_FALSE(CanOverwrite(terminal));
  CHECK_FALSE(CanColor(terminal));
  unsetenv("TERM");
  CHECK_FALSE(CanColor(terminal));
}

TEST_CASE("a file is no terminal") {
  setenv("TERM", "xterm", 1);
  const int file = open("/dev/null", O_WRONLY);
  CHECK_FALSE(CanOverwrite(file));
  CHECK_FALSE(CanColor(file));
  CHECK(ColumnsOf(file, 120) == 120);
}

TEST_CASE("a terminal without a width has the other one") { CHECK(ColumnsOf(OpenTerminal(0), 100) == 100); }

}  // namespace
}  // namespace baton
