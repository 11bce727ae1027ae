// Choices of algorithms for matrix products in a file, by GPU, library and product, so that every run with the file
// computes the same bits. Made from devices.product_choices by cuda_devices.cc.
//
//   baton product choices 1
//   NVIDIA H100 80GB HBM3, 132 multiprocessors ⇥ cuBLASLt 130100 ⇥ m=16384 n=768 … ⇥ bias ⇥ 0000000000000011… ⇥ 104.2
#ifndef BATON_RUNTIME_MACHINE_PRODUCT_CHOICE_FILE_H_
#define BATON_RUNTIME_MACHINE_PRODUCT_CHOICE_FILE_H_

#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "ops/cuda/product_choices.h"

namespace baton {

// Thread contract: any thread. All layers of a process share one object.
class ProductChoiceFile final : public ProductChoices {
 public:
  // Reads `path` when it is first asked; there may be no such file yet.
  explicit ProductChoiceFile(std::string path) : path_(std::move(path)) {}

  // A choice that `measure` makes is written to the file. Standard error says once if the file has choices of other
  // GPUs or libraries alone. Errors: `measure`'s; those of reading and writing the file, with its path; InvalidArgument
  // if it is no file of choices, with path and line.
  absl::StatusOr<ProductChoice> Choose(const ProductPlace& place, const Measure& measure) override;

 private:
  using Key = std::tuple<std::string, std::string, std::string>;

  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Status Write() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  void NoteOtherPlaces(const ProductPlace& place) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  Mutex mutex_;
  bool is_read_ ABSL_GUARDED_BY(mutex_) = false;
  bool has_noted_ ABSL_GUARDED_BY(mutex_) = false;
  std::map<Key, ProductChoice> choices_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace baton

#endif  // BATON_RUNTIME_MACHINE_PRODUCT_CHOICE_FILE_H_
