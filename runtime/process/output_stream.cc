#include "runtime/process/output_stream.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace baton {

void OutputStream::WriteSome() {
  size_t done = 0;
  while (!broken_ && done < waiting_.size()) {
    pollfd ready = {descriptor_, POLLOUT, 0};
    if (poll(&ready, 1, 0) <= 0) break;
    const ssize_t written =
        write(descriptor_, waiting_.data() + done, std::min<size_t>(waiting_.size() - done, PIPE_BUF));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) break;
    broken_ = written < 0;
    if (!broken_) done += written;
  }
  waiting_.erase(0, broken_ ? waiting_.size() : done);
}

void OutputStream::WriteAll() {
  while (WriteSome(), !waiting_.empty()) {
    pollfd ready = {descriptor_, POLLOUT, 0};
    poll(&ready, 1, -1);
  }
}

}  // namespace baton
