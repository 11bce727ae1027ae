// The abilities of a stream's terminal. Used by the commands, before they colour text or write over a line.
#ifndef BATON_BASE_TERMINAL_H_
#define BATON_BASE_TERMINAL_H_

namespace baton {

// True if a line on file descriptor `stream` can be written over: it is a terminal, and TERM is set and not `dumb`.
bool CanOverwrite(int stream);

// True if text on `stream` may be coloured: CanOverwrite, and NO_COLOR is unset or empty (no-color.org).
bool CanColor(int stream);

// The columns of the terminal behind `stream`; `otherwise` if there is none or it does not say.
int ColumnsOf(int stream, int otherwise);

}  // namespace baton

#endif  // BATON_BASE_TERMINAL_H_
