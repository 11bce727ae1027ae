// Stores for tests: one for threads of a process, one for processes that share a folder.
#ifndef BATON_RUNTIME_TRANSPORT_TESTING_STORES_H_
#define BATON_RUNTIME_TRANSPORT_TESTING_STORES_H_

#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "base/mutex.h"
#include "runtime/transport/store.h"

namespace baton {

// Thread contract: see Store.
class MemoryStore final : public Store {
 public:
  absl::Status Set(const std::string& key, const std::string& value) override;
  absl::StatusOr<std::string> Get(const std::string& key, absl::Duration timeout) override;

 private:
  Mutex mutex_;
  CondVar changed_;
  std::map<std::string, std::string> values_ ABSL_GUARDED_BY(mutex_);
};

// Each key is a file of the folder. Thread contract: see Store.
class FileStore final : public Store {
 public:
  explicit FileStore(std::string folder) : folder_(std::move(folder)) {}
  absl::Status Set(const std::string& key, const std::string& value) override;
  absl::StatusOr<std::string> Get(const std::string& key, absl::Duration timeout) override;

 private:
  std::string PathOf(std::string key) const;

  const std::string folder_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_TESTING_STORES_H_
