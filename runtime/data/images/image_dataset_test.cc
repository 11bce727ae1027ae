// Images and labels against the numbers of those who wrote them; malformed files.
#include "runtime/data/images/image_dataset.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>

namespace baton {
namespace {

const std::string kFolder = "tests/data/images/";

SequenceOrder OrderOf(bool shuffled, int sequences) {
  proto::Job job;
  job.mutable_batch()->set_sequences(sequences);
  return {shuffled, 1, BatchGrowth(job)};
}

ImageDataset::Options Mnist() {
  ImageDataset::Options options;
  options.images = kFolder + "images-idx3-ubyte";
  options.labels = kFolder + "labels-idx1-ubyte";
  options.classes = 10;
  options.features = 784;
  return options;
}

std::string Read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

std::string Write(const std::string& name, const std::string& contents) {
  const std::string path = std::string(std::getenv("TEST_TMPDIR")) + "/" + name;
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

std::unique_ptr<ImageDataset> Open(const ImageDataset::Options& options, const SequenceOrder& order) {
  auto dataset = ImageDataset::Create(options, order);
  INFO(dataset.status());
  REQUIRE(dataset.ok());
  return *std::move(dataset);
}

struct Images {
  std::vector<float> pixels;
  std::vector<int32_t> labels;
};

Images Training(const ImageDataset& dataset, int64_t step, int64_t first, int64_t count) {
  Images result;
  result.pixels.resize(count * dataset.input_bytes() / 4);
  result.labels.resize(count);
  dataset.FillTraining(step, first, count, reinterpret_cast<std::byte*>(result.pixels.data()), result.labels.data());
  return result;
}

TEST_CASE("images and labels in order") {
  const nlohmann::json expected = nlohmann::json::parse(std::ifstream("tests/data/tokens/expected.json"));
  const auto dataset = Open(Mnist(), OrderOf(false, 64));
  REQUIRE(dataset->num_training() == 64);
  const Images all = Training(*dataset, 0, 0, 64);
  CHECK(nlohmann::json(all.labels) == expected["labels-idx1-ubyte"]["labels"]);
  double sum = 0;
  for (const float pixel : all.pixels) {
    REQUIRE((pixel >= 0 && pixel <= 1));
    sum += std::round(pixel * 255);
  }
  CHECK(sum == expected["images-idx3-ubyte"]["sum"].get<double>());
  for (int i = 0; i < 28; ++i) {
    CHECK(all.pixels[i] == expected["images-idx3-ubyte"]["image0_row0"][i].get<float>() / 255.0f);
  }
}

TEST_CASE("a shuffled pass has each image once with its label, and held-out images are the last") {
  ImageDataset::Options options = Mnist();
  options.held_out = 0.25;
  const auto in_order = Open(Mnist(), OrderOf(false, 64));
  const auto dataset = Open(options, OrderOf(true, 8));
  REQUIRE(dataset->num_training() == 48);
  REQUIRE(dataset->num_held_out() == 16);
  const Images all = Training(*in_order, 0, 0, 64);
  std::map<std::vector<float>, int32_t> labels;
  for (int i = 0; i < 64; ++i) {
    labels[{all.pixels.begin() + i * 784, all.pixels.begin() + (i + 1) * 784}] = all.labels[i];
  }
  std::set<std::vector<float>> seen;
  for (int64_t step = 0; step < 6; ++step) {
    for (int64_t i = 0; i < 8; ++i) {
      const Images one = Training(*dataset, step, i, 1);
      CHECK(labels.at(one.pixels) == one.labels[0]);
      seen.insert(one.pixels);
    }
  }
  CHECK(seen.size() == 48);
  std::vector<float> pixels(16 * 784);
  std::vector<int32_t> held_out(16);
  dataset->FillHeldOut(0, 16, reinterpret_cast<std::byte*>(pixels.data()), held_out.data());
  CHECK(std::equal(pixels.begin(), pixels.end(), all.pixels.begin() + 48 * 784));
  CHECK(std::equal(held_out.begin(), held_out.end(), all.labels.begin() + 48));
}

TEST_CASE("CIFAR's records") {
  std::string ten, hundred;
  for (int image = 0; image < 3; ++image) {
    const std::string pixels(3072, static_cast<char>(51 * image));
    ten += static_cast<char>(image + 4) + pixels;
    hundred += std::string{static_cast<char>(99), static_cast<char>(image + 40)} + pixels;
  }
  ImageDataset::Options options;
  options.images = Write("ten.bin", ten);
  options.format = ImageFormat::kCifar10;
  options.classes = 10;
  options.features = 3072;
  options.channels = 3;
  options.height = options.width = 32;
  const Images small = Training(*Open(options, OrderOf(false, 3)), 0, 0, 3);
  CHECK(small.labels == std::vector<int32_t>{4, 5, 6});
  CHECK(small.pixels[3072] == 0.2f);
  CHECK(small.pixels.back() == 0.4f);
  options.images = Write("hundred.bin", hundred);
  options.format = ImageFormat::kCifar100;
  options.classes = 100;
  const Images fine = Training(*Open(options, OrderOf(false, 3)), 0, 0, 3);
  CHECK(fine.labels == std::vector<int32_t>{40, 41, 42});
  CHECK(fine.pixels == small.pixels);
}

std::string MessageOf(const ImageDataset::Options& options) {
  const absl::Status status = ImageDataset::Create(options, OrderOf(false, 1)).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST_CASE("images that do not fit the model") {
  ImageDataset::Options options = Mnist();
  const std::string images = "data.images: " + options.images + ": ";
  options.features = 783;
  CHECK(MessageOf(options) == images + "images of 1 × 28 × 28 pixels must have the 783 features that the model reads");
  options = Mnist();
  options.channels = 3;
  options.height = options.width = 28;
  CHECK(MessageOf(options) ==
        images + "images of 1 × 28 × 28 pixels must have the 3 × 28 × 28 pixels that the model reads");
  options = Mnist();
  options.classes = 9;
  CHECK(MessageOf(options) ==
        "data.labels: " + options.labels + ": label 9 of image 5 must be from 0 to 8, since the model has 9 classes");
  options = Mnist();
  options.held_out = 0.01;
  CHECK(MessageOf(options) == "data.held_out: 0.01 of 64 images leaves none");
}

TEST_CASE("malformed files") {
  const std::string sound = Read(Mnist().images), labels = Read(Mnist().labels);
  const auto image = [](const std::string& contents) {
    ImageDataset::Options options = Mnist();
    options.images = Write("malformed", contents);
    const std::string message = MessageOf(options), prefix = "data.images: " + options.images + ": ";
    CHECK(message.substr(0, prefix.size()) == prefix);
    return message.substr(prefix.size());
  };
  const auto changed = [&](size_t place, char value) {
    std::string result = sound;
    result[place] = value;
    return result;
  };
  const std::string cifar = "; for CIFAR, set data.format: CIFAR10 or CIFAR100";
  CHECK(image("") == "has 0 bytes, too few for IDX's magic number" + cifar);
  CHECK(image(changed(0, 1)) == "is no IDX file, which begins with two zero bytes" + cifar);
  CHECK(image("\x1f\x8b\x08") == "is compressed; unpack it with gunzip first");
  CHECK(image(changed(2, 7)) == "type code 7 must be 8, that of bytes");
  CHECK(image(changed(3, 0)) == "0 dimensions must be 3 for images");
  CHECK(image(labels) == "1 dimensions must be 3 for images");
  CHECK(image(sound.substr(0, 15)) == "ends inside its header: 15 of 16 bytes");
  CHECK(image(sound.substr(0, 1000)) == "64 × 28 × 28 bytes must be all that follows the header, which is 984 bytes");
  CHECK(image(sound + "x") == "64 × 28 × 28 bytes must be all that follows the header, which is 50177 bytes");
  CHECK(image(changed(11, 0)) == "has 0 as a dimension, so that nothing is in it");
  CHECK(image(std::string("\0\0\x08\x03\x80\0\0\0\x80\0\0\0\0\0\0\x04", 16)) ==
        "2147483648 × 2147483648 × 4 bytes must be all that follows the header, which is 0 bytes");
  ImageDataset::Options options = Mnist();
  options.labels = Write("labels", std::string("\0\0\x08\x01\0\0\0\x02\x01\x02", 10));
  CHECK(MessageOf(options) ==
        "data.labels: " + options.labels + ": 2 labels must be as many as the 64 images of " + options.images);
  options.labels = options.images;
  CHECK(MessageOf(options) == "data.labels: " + options.images + ": 3 dimensions must be 1 for labels");
  options = Mnist();
  options.format = ImageFormat::kCifar10;
  CHECK(MessageOf(options) ==
        "data.images: " + options.images + ": 50192 bytes must be a multiple of CIFAR-10's 3073 bytes an image");
}

}  // namespace
}  // namespace baton
