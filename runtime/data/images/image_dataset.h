// Files of images with labels, to classify. Used by dataset_of_job.cc for jobs with data.images.
#ifndef BATON_RUNTIME_DATA_IMAGES_IMAGE_DATASET_H_
#define BATON_RUNTIME_DATA_IMAGES_IMAGE_DATASET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "runtime/data/dataset.h"
#include "runtime/data/files.h"
#include "runtime/data/images/image_layout.h"
#include "runtime/data/sequence_order.h"

namespace baton {

// Images are counted through the files, sorted by name; the last ⌊held_out · images⌋ are held out. A pixel p becomes
// the feature p / 255. Files are mapped into memory.
class ImageDataset : public Dataset {
 public:
  struct Options {
    std::string images;  // data.images
    std::string labels;  // data.labels; empty for formats that contain them
    ImageFormat format = ImageFormat::kAuto;
    double held_out = 0.0;  // data.held_out: at least 0, below 1
    int64_t classes = 0;    // labels are below it
    // The model's input: channels · height · width features; `height` is 0 where it does not know images.
    int64_t features = 0;
    int64_t channels = 0;
    int64_t height = 0;
    int64_t width = 0;
  };

  // Reads all files once. Errors: those of ExpandPattern and MappedFile; InvalidArgument that names the file and what
  // is wrong with it, or with its size, number or labels for this model.
  static absl::StatusOr<std::unique_ptr<ImageDataset>> Create(const Options& options, SequenceOrder order);

  Bytes input_bytes() const override { return features_ * static_cast<Bytes>(sizeof(float)); }
  int64_t num_targets() const override { return 1; }
  int64_t num_training() const override { return num_training_; }
  int64_t num_held_out() const override { return ends_.back() - num_training_; }
  // Hashes all images and labels.
  std::string ContentsHash() const override { return contents_hash_; }
  // inputs: [count, features] f32.
  void FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                    int32_t* targets) const override;
  void FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const override;

 private:
  // Images of a file; the label of the i-th is the byte `label_offset` + i · `label_stride` of `labels`.
  struct Part {
    std::unique_ptr<MappedFile> images, own_labels;
    ImageLayout layout;
    const std::byte* labels = nullptr;
    Records label_records;
  };

  ImageDataset(int64_t features, SequenceOrder order) : features_(features), order_(std::move(order)) {}
  static absl::StatusOr<Part> OpenPart(const std::string& images, const std::string& labels, ImageFormat format);
  void FillImage(int64_t image, int64_t index, std::byte* inputs, int32_t* targets) const;

  const int64_t features_;
  const SequenceOrder order_;
  std::vector<Part> parts_;
  std::vector<int64_t> ends_;  // images of parts 0 to i
  int64_t num_training_ = 0;
  std::string contents_hash_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_DATA_IMAGES_IMAGE_DATASET_H_
