// Writes to a descriptor that others may share, without blocking. Used by launcher.cc for its own output.
#ifndef BATON_RUNTIME_PROCESS_OUTPUT_STREAM_H_
#define BATON_RUNTIME_PROCESS_OUTPUT_STREAM_H_

#include <string>

#include "absl/strings/string_view.h"

namespace baton {

// Thread contract: one thread. The descriptor stays in blocking mode, since other processes may have it open: at most
// PIPE_BUF bytes are written, and only when poll says that they can be.
class OutputStream {
 public:
  explicit OutputStream(int descriptor) : descriptor_(descriptor) {}

  void Add(absl::string_view bytes) { waiting_.append(bytes.data(), bytes.size()); }
  // Writes what can be written now. After an error (the reader has gone) everything is dropped.
  void WriteSome();
  // Writes everything, waiting for the reader.
  void WriteAll();

  int descriptor() const { return descriptor_; }
  bool empty() const { return waiting_.empty(); }
  // True if so much waits that the children should not be read now.
  bool full() const { return waiting_.size() > kMostWaiting; }

 private:
  static constexpr size_t kMostWaiting = 1 << 20;

  const int descriptor_;
  std::string waiting_;
  bool broken_ = false;
};

}  // namespace baton

#endif  // BATON_RUNTIME_PROCESS_OUTPUT_STREAM_H_
