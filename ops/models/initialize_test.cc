// Initial values: their distribution, and what they depend on.
#include "ops/models/initialize.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

namespace baton {
namespace {

std::vector<float> Draw(uint64_t seed, std::string_view name, Initializer initializer, int64_t count) {
  std::vector<float> values(count, -77.0f);
  InitializeParameter(seed, name, initializer, count, values.data());
  return values;
}

constexpr Initializer kNormal{Initializer::Kind::kNormal, 0.02};
constexpr Initializer kUniform{Initializer::Kind::kUniform, 0.5};

double Correlation(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    ab += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("initial values are the same on every machine") {
  // Computed once from the Philox4x32-10 of Random123; a change here changes every run.
  const std::vector<float> normal = Draw(1, "wte.weight", {Initializer::Kind::kNormal, 1.0}, 3);
  const std::vector<float> uniform = Draw(1, "wte.weight", {Initializer::Kind::kUniform, 1.0}, 3);
  CAPTURE(normal, uniform);
  CHECK(normal == std::vector<float>{-0.96145159f, -0.295198888f, 0.167854741f});
  CHECK(uniform == std::vector<float>{0.179383546f, 0.42404145f, 0.82487011f});
}

TEST_CASE("the number of threads changes no bit") {
  // Odd, and enough for eight threads. The hashes are those of one thread's values.
  constexpr int64_t kCount = 300001;
  const int threads = GENERATE(1, 2, 3, 8);
  InitialValues source(7, threads);
  const auto hash_of = [&](Initializer::Kind kind) {
    const ParameterSpec spec = {"h.0.weight", Shape(DataType::kFloat32, {kCount}), {kind, 0.02}, false};
    std::vector<float> values(kCount + 1, -77.0f);
    auto* bytes = reinterpret_cast<std::byte*>(values.data());
    CHECK(source.Read(spec, absl::MakeSpan(bytes, spec.shape.NumBytes())).ok());
    CHECK(values.back() == -77.0f);
    return StableHash({reinterpret_cast<const char*>(bytes), static_cast<size_t>(spec.shape.NumBytes())});
  };
  CHECK(hash_of(Initializer::Kind::kNormal) == 0x7bd0528a73c6dfb1u);
  CHECK(hash_of(Initializer::Kind::kUniform) == 0xfb36011b8cbc2320u);
}

TEST_CASE("initial values are f32") {
  const ParameterSpec spec = {"w", Shape(DataType::kBFloat16, {2}), {}, false};
  std::vector<std::byte> values(4);
  const absl::Status status = InitialValues(1, 1).Read(spec, absl::MakeSpan(values));
  CHECK(status.code() == absl::StatusCode::kInternal);
  CHECK(status.message() == "parameter w is [2] bf16, not f32");
}

TEST_CASE("the name's hash is FNV-1a") {
  CHECK(StableHash("") == 0xcbf29ce484222325u);
  CHECK(StableHash("a") == 0xaf63dc4c8601ec8cu);
  CHECK(StableHash("foobar") == 0x85944171f73967e8u);
}

TEST_CASE("an element depends on its index, not on how many are drawn") {
  for (const Initializer& initializer : {kNormal, kUniform}) {
    const std::vector<float> many = Draw(3, "w", initializer, 1000);
    const std::vector<float> few = Draw(3, "w", initializer, 10);
    CHECK(std::equal(few.begin(), few.end(), many.begin()));
  }
}

TEST_CASE("normal and uniform values have their moments") {
  const int64_t count = 100000;
  const auto initializer = GENERATE(kNormal, kUniform);
  const std::vector<float> values = Draw(5, "w", initializer, count);
  double sum = 0;
  double squares = 0;
  double fourth = 0;
  double largest = 0;
  for (double value : values) {
    sum += value / count;
    squares += value * value / count;
    fourth += value * value * value * value / count;
    largest = std::max(largest, std::abs(value));
  }
  const bool normal = initializer.kind == Initializer::Kind::kNormal;
  const double deviation = normal ? 0.02 : 0.5 / std::sqrt(3.0);
  CHECK(std::abs(sum) < 5 * deviation / std::sqrt(static_cast<double>(count)));
  CHECK(std::sqrt(squares) == Approx(deviation).epsilon(0.02));
  CHECK(fourth / (squares * squares) == Approx(normal ? 3.0 : 1.8).epsilon(0.05));
  CHECK(largest > (normal ? 3 * deviation : 0.499));
  CHECK(largest < (normal ? 7 * deviation : 0.5));
}

TEST_CASE("other seeds and other names give unrelated values") {
  const std::vector<float> values = Draw(1, "h.0.weight", kNormal, 10000);
  CHECK(std::abs(Correlation(values, Draw(2, "h.0.weight", kNormal, 10000))) < 0.05);
  CHECK(std::abs(Correlation(values, Draw(1, "h.1.weight", kNormal, 10000))) < 0.05);
  CHECK(std::abs(Correlation(values, Draw(uint64_t{1} << 32 | 1, "h.0.weight", kNormal, 10000))) < 0.05);
  CHECK(values == Draw(1, "h.0.weight", kNormal, 10000));
}

TEST_CASE("zeros and ones") {
  CHECK(Draw(1, "b", {Initializer::Kind::kZeros, 9.0}, 3) == std::vector<float>{0, 0, 0});
  CHECK(Draw(1, "b", {Initializer::Kind::kOnes, 9.0}, 3) == std::vector<float>{1, 1, 1});
}

}  // namespace baton
