// Waiting for keys: by condition, and by looking again.
#include "runtime/transport/testing/stores.h"

#include <cstdio>
#include <fstream>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace baton {
namespace {

absl::Status Missing(const std::string& key) {
  return absl::DeadlineExceededError(absl::StrCat("no process has set \"", key, "\""));
}

}  // namespace

absl::Status MemoryStore::Set(const std::string& key, const std::string& value) {
  MutexLock lock(&mutex_);
  values_[key] = value;
  changed_.SignalAll();
  return absl::OkStatus();
}

absl::StatusOr<std::string> MemoryStore::Get(const std::string& key, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  MutexLock lock(&mutex_);
  for (;;) {
    const auto found = values_.find(key);
    if (found != values_.end()) return found->second;
    if (absl::Now() >= deadline) return Missing(key);
    changed_.WaitWithTimeout(&mutex_, deadline - absl::Now());
  }
}

std::string FileStore::PathOf(std::string key) const {
  for (char& c : key) c = c == '/' ? '_' : c;
  return absl::StrCat(folder_, "/", key);
}

absl::Status FileStore::Set(const std::string& key, const std::string& value) {
  const std::string path = PathOf(key), unfinished = absl::StrCat(path, ".tmp");
  std::ofstream(unfinished, std::ios::binary) << value;
  if (std::rename(unfinished.c_str(), path.c_str()) != 0) return absl::InternalError(absl::StrCat(path, ": no file"));
  return absl::OkStatus();
}

absl::StatusOr<std::string> FileStore::Get(const std::string& key, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  for (;;) {
    std::ifstream file(PathOf(key), std::ios::binary);
    if (file) return std::string(std::istreambuf_iterator<char>(file), {});
    if (absl::Now() >= deadline) return Missing(key);
    absl::SleepFor(absl::Milliseconds(1));
  }
}

}  // namespace baton
