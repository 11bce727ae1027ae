// See terminal.h.
#include "base/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace baton {

bool CanOverwrite(int stream) {
  const char* kind = std::getenv("TERM");
  return isatty(stream) != 0 && kind != nullptr && *kind != '\0' && std::strcmp(kind, "dumb") != 0;
}

bool CanColor(int stream) {
  const char* no_color = std::getenv("NO_COLOR");
  return CanOverwrite(stream) && (no_color == nullptr || *no_color == '\0');
}

int ColumnsOf(int stream, int otherwise) {
  winsize size = {};
  if (isatty(stream) != 0 && ioctl(stream, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return otherwise;
}

}  // namespace baton
