// Opens and checks the files, and copies images as numbers.
#include "runtime/data/images/image_dataset.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/content_hash.h"
#include "base/status.h"

namespace baton {
namespace {

absl::Status Wrong(const char* field, const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", path, ": ", what));
}

// OK if the model reads such images.
absl::Status CheckSize(const ImageDataset::Options& options, const std::string& path, const ImageLayout& layout) {
  const int64_t features = layout.channels * layout.height * layout.width;
  const bool knows_images = options.height > 0;
  const bool fits = knows_images ? layout.channels == options.channels && layout.height == options.height &&
                                       layout.width == options.width
                                 : features == options.features;
  if (fits) return absl::OkStatus();
  const std::string wanted =
      knows_images ? absl::StrCat(options.channels, " × ", options.height, " × ", options.width, " pixels")
                   : absl::StrCat(options.features, " features");
  return Wrong("data.images", path,
               absl::StrCat("images of ", layout.channels, " × ", layout.height, " × ", layout.width,
                            " pixels must have the ", wanted, " that the model reads"));
}

void AddTo(ContentHash& hash, const MappedFile& file) {
  hash.Add(absl::StrCat(" ", file.bytes().size(), " "));
  hash.Add(absl::string_view(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()));
}

absl::Status CheckLabels(const ImageDataset::Options& options, const std::string& path, const std::byte* labels,
                         const Records& records) {
  for (int64_t i = 0; i < records.count; ++i) {
    const int64_t label = static_cast<int64_t>(labels[records.offset + i * records.stride]);
    if (label < options.classes) continue;
    return Wrong(options.labels.empty() ? "data.images" : "data.labels", path,
                 absl::StrCat("label ", label, " of image ", i, " must be from 0 to ", options.classes - 1,
                              ", since the model has ", options.classes, " classes"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImageDataset::Part> ImageDataset::OpenPart(const std::string& images, const std::string& labels,
                                                          ImageFormat format) {
  Part part;
  BATON_ASSIGN_OR_RETURN(part.images, MappedFile::Open("data.images", images));
  const absl::StatusOr<ImageLayout> layout = LayoutOfImages(part.images->bytes(), format);
  if (!layout.ok()) return Wrong("data.images", images, layout.status().message());
  part.layout = *layout;
  if (labels.empty()) {
    part.labels = part.images->bytes().data();
    part.label_records = layout->records;
    part.label_records.offset += layout->pixels - 1;
    return part;
  }
  BATON_ASSIGN_OR_RETURN(part.own_labels, MappedFile::Open("data.labels", labels));
  const absl::StatusOr<Records> records = LayoutOfIdxLabels(part.own_labels->bytes());
  if (!records.ok()) return Wrong("data.labels", labels, records.status().message());
  part.labels = part.own_labels->bytes().data();
  part.label_records = *records;
  if (records->count == layout->records.count) return part;
  return Wrong(
      "data.labels", labels,
      absl::StrCat(records->count, " labels must be as many as the ", layout->records.count, " images of ", images));
}

absl::StatusOr<std::unique_ptr<ImageDataset>> ImageDataset::Create(const Options& options, SequenceOrder order) {
  BATON_ASSIGN_OR_RETURN(const std::vector<std::string> images, ExpandPattern("data.images", options.images));
  std::vector<std::string> labels(images.size());
  if (!options.labels.empty()) {
    BATON_ASSIGN_OR_RETURN(labels, ExpandPattern("data.labels", options.labels));
    if (labels.size() != images.size()) {
      return absl::InvalidArgumentError(absl::StrCat("data.labels: \"", options.labels, "\" matches ", labels.size(),
                                                     " files, but data.images matches ", images.size()));
    }
  }
  std::unique_ptr<ImageDataset> dataset(new ImageDataset(options.features, std::move(order)));
  ContentHash hash;
  int64_t count = 0;
  for (size_t i = 0; i < images.size(); ++i) {
    BATON_ASSIGN_OR_RETURN(Part part, OpenPart(images[i], labels[i], options.format));
    BATON_RETURN_IF_ERROR(CheckSize(options, images[i], part.layout));
    BATON_RETURN_IF_ERROR(
        CheckLabels(options, labels[i].empty() ? images[i] : labels[i], part.labels, part.label_records));
    AddTo(hash, *part.images);
    if (part.own_labels != nullptr) AddTo(hash, *part.own_labels);
    count += part.layout.records.count;
    dataset->ends_.push_back(count);
    dataset->parts_.push_back(std::move(part));
  }
  dataset->contents_hash_ = hash.Hex();
  const int64_t held_out = static_cast<int64_t>(std::floor(options.held_out * static_cast<double>(count)));
  dataset->num_training_ = count - held_out;
  if (options.held_out > 0 && held_out < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("data.held_out: ", options.held_out, " of ", count, " images leaves none"));
  }
  return dataset;
}

void ImageDataset::FillImage(int64_t image, int64_t index, std::byte* inputs, int32_t* targets) const {
  const size_t found = std::upper_bound(ends_.begin(), ends_.end(), image) - ends_.begin();
  const Part& part = parts_[found];
  const int64_t place = found == 0 ? image : image - ends_[found - 1];
  if (inputs != nullptr) {
    const Records& records = part.layout.records;
    const std::byte* pixels =
        part.images->bytes().data() + records.offset + place * records.stride + part.layout.pixels;
    float* features = reinterpret_cast<float*>(inputs + index * input_bytes());
    for (int64_t i = 0; i < features_; ++i) features[i] = static_cast<float>(static_cast<int>(pixels[i])) / 255.0f;
  }
  if (targets != nullptr) {
    targets[index] = static_cast<int32_t>(part.labels[part.label_records.offset + place * part.label_records.stride]);
  }
}

void ImageDataset::FillTraining(int64_t step, int64_t first_sequence, int64_t count, std::byte* inputs,
                                int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) {
    FillImage(order_.At(step, first_sequence + i, num_training_), i, inputs, targets);
  }
}

void ImageDataset::FillHeldOut(int64_t first_sequence, int64_t count, std::byte* inputs, int32_t* targets) const {
  for (int64_t i = 0; i < count; ++i) FillImage(num_training_ + first_sequence + i, i, inputs, targets);
}

}  // namespace baton
