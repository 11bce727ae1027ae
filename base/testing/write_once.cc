// Writes 3 MiB of the letter n to the file that it is given; a process of its own, so that BATON_FAIL works on nothing
// else. Exit status 1 if the file could not be written.
#include <string>

#include "base/write_file.h"

int main(int argc, char** argv) {
  return argc == 2 && baton::WriteFile(argv[1], std::string(3 << 20, 'n')).ok() ? 0 : 1;
}
