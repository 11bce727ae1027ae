// Every backend's Add and optimizer against the reference.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>

#include "base/bfloat16.h"
#include "ops/optimizer/stochastic_rounding.h"
#include "tests/conformance/backends.h"
#include "tests/conformance/guarded_buffer.h"

namespace baton {
namespace {

std::vector<double> RandomValues(int64_t count, int seed, double low, double high) {
  std::mt19937 engine(seed);
  std::vector<double> values(count);
  for (double& value : values) value = static_cast<float>(low + (high - low) * (engine() / 4294967296.0));
  return values;
}

// A parameter in guarded memory. Its moments start at zero.
struct GuardedParameter {
  GuardedParameter(const BackendUnderTest& under_test, int64_t count, int seed, int shift)
      : count(count),
        values(under_test, "values", 4 * count, shift),
        gradients(under_test, "gradients", 4 * count, shift),
        first(under_test, "first moment", 4 * count, shift),
        second(under_test, "second moment", 4 * count, shift) {
    values.WriteFloats(DataType::kFloat32, RandomValues(count, seed, -1, 1));
    first.WriteFloats(DataType::kFloat32, std::vector<double>(count, 0.0));
    second.WriteFloats(DataType::kFloat32, std::vector<double>(count, 0.0));
  }

  OptimizedParameter Describe(bool decays, int norm) {
    return {values.data(), nullptr, gradients.data(), first.data(), second.data(), count, decays, norm};
  }
  // Values, first and second moments, gradients.
  std::vector<std::vector<double>> Read() const {
    for (const GuardedBuffer* buffer : {&values, &gradients, &first, &second}) CHECK(buffer->CheckGuards().ok());
    const DataType type = DataType::kFloat32;
    return {values.ReadFloats(type), first.ReadFloats(type), second.ReadFloats(type), gradients.ReadFloats(type)};
  }

  const int64_t count;
  GuardedBuffer values, gradients, first, second;
};

// Runs three updates of two parameters, of which only the first decays, and returns Read() of both.
std::vector<std::vector<double>> RunAdamW(const BackendUnderTest& under_test, int64_t count, double clip_norm,
                                          int shift) {
  GuardedParameter decaying(under_test, count, 1, shift);
  GuardedParameter steady(under_test, count + 3, 2, shift);
  const std::unique_ptr<Optimizer> optimizer =
      under_test.backend->CreateOptimizer({decaying.Describe(true, 0), steady.Describe(false, 2)});
  GuardedBuffer norms(under_test, "norms", 3 * sizeof(double));
  GuardedBuffer gradient_norm(under_test, "gradient norm", sizeof(double));
  GuardedBuffer control_memory(under_test, "control", sizeof(UpdateControl));
  auto* const control = new (control_memory.data()) UpdateControl;
  control->learning_rate = 0.01;
  control->beta2 = 0.95;
  control->weight_decay = 0.1;
  control->clip_norm = clip_norm;
  for (int step = 1; step <= 3; ++step) {
    control->step = step;
    for (GuardedParameter* parameter : {&decaying, &steady}) {
      std::vector<double> gradient = RandomValues(parameter->count, 10 + step, -0.1, 0.1);
      gradient[0] = 0;  // √v̂ is 0 here, so only ε is in the denominator
      parameter->gradients.WriteFloats(DataType::kFloat32, gradient);
    }
    auto* const table = reinterpret_cast<double*>(norms.data());
    auto* const norm = reinterpret_cast<double*>(gradient_norm.data());
    REQUIRE(optimizer->SquaredNorms(under_test.stream, {}, table, 3).ok());
    REQUIRE(optimizer->Update(under_test.stream, table, 3, control, norm).ok());
    under_test.synchronize();
    CHECK(table[1] == 0.0);
    CHECK(*norm == Approx(std::sqrt(table[0] + table[2])));
  }
  for (const GuardedBuffer* buffer : {&norms, &gradient_norm, &control_memory}) CHECK(buffer->CheckGuards().ok());
  std::vector<std::vector<double>> all = decaying.Read();
  for (std::vector<double>& part : steady.Read()) all.push_back(std::move(part));
  return all;
}

}  // namespace

TEST_CASE("AdamW updates parameters as the reference does and clears the gradients") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 15, 16, 17, 100, 1037);
  const double clip_norm = GENERATE(0.0, 0.01);
  CAPTURE(under_test, count, clip_norm);
  const auto actual = RunAdamW(under_test, count, clip_norm, 0);
  const auto expected = RunAdamW(ReferenceUnderTest(), count, clip_norm, 0);
  for (size_t part = 0; part < expected.size(); ++part) {
    for (size_t i = 0; i < expected[part].size(); ++i) {
      CAPTURE(part, i);
      REQUIRE(actual[part][i] == Approx(expected[part][i]).epsilon(2e-5).margin(2e-7));
    }
  }
  CHECK(actual[3] == std::vector<double>(count, 0.0));
  CHECK(actual[7] == std::vector<double>(count + 3, 0.0));
  CHECK(RunAdamW(under_test, count, clip_norm, 3) == actual);
}

TEST_CASE("the reference's first AdamW update moves each value by the learning rate and the decay") {
  // m̂ = g and v̂ = g², so the update is sign(g), except for ε.
  BackendUnderTest reference = ReferenceUnderTest();
  float value[] = {1.0f, -2.0f};
  float gradient[] = {0.5f, -3.0f};
  float first[] = {0, 0};
  float second[] = {0, 0};
  OptimizedParameter parameter;
  parameter.values = reinterpret_cast<std::byte*>(value);
  parameter.gradients = reinterpret_cast<std::byte*>(gradient);
  parameter.first_moment = reinterpret_cast<std::byte*>(first);
  parameter.second_moment = reinterpret_cast<std::byte*>(second);
  parameter.num_elements = 2;
  parameter.decays = true;
  UpdateControl control;
  control.learning_rate = 0.1;
  control.weight_decay = 0.5;
  double norm = 0;
  REQUIRE(reference.backend->CreateOptimizer({parameter})->Update({}, nullptr, 0, &control, &norm).ok());
  CHECK(value[0] == Approx(1.0 - 0.1 * (1 + 0.5 * 1.0)));
  CHECK(value[1] == Approx(-2.0 - 0.1 * (-1 + 0.5 * -2.0)));
  CHECK(first[1] == Approx(-0.3));
  CHECK(second[1] == Approx(0.009));
}

TEST_CASE("squared norms are summed in double, and norms without a parameter are zero") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 31, 32, 33, 4099, 70001);
  CAPTURE(under_test, count);
  std::vector<double> gradient = RandomValues(count, 7, -1, 1);
  gradient[count / 2] = 1e15;  // a sum in float would lose all other values
  double results[2];
  for (const int shift : {0, 1}) {
    GuardedParameter parameter(under_test, count, 1, shift);
    GuardedParameter uncounted(under_test, count, 1, shift);
    parameter.gradients.WriteFloats(DataType::kFloat32, gradient);
    uncounted.gradients.WriteFloats(DataType::kFloat32, gradient);
    parameter.gradients.Freeze();
    GuardedBuffer norms(under_test, "norms", 3 * sizeof(double));
    auto* const table = reinterpret_cast<double*>(norms.data());
    REQUIRE(under_test.backend->CreateOptimizer({uncounted.Describe(true, -1), parameter.Describe(true, 1)})
                ->SquaredNorms(under_test.stream, {}, table, 3)
                .ok());
    under_test.synchronize();
    CHECK(table[0] == 0.0);
    CHECK(table[2] == 0.0);
    results[shift] = table[1];
    CHECK(parameter.gradients.CheckUnchanged().ok());
    CHECK(norms.CheckGuards().ok());
  }
  CHECK(results[0] == results[1]);
  double expected = 0;
  for (double value : gradient) expected += static_cast<float>(value) * static_cast<double>(static_cast<float>(value));
  CHECK(results[0] == Approx(expected).epsilon(1e-13));
}

TEST_CASE("a norm has the same bits if its parameter is summed in pieces") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(17, 100, 4099, 70001, 300001);
  const int64_t num_leaves = (count + kNormLeaf - 1) / kNormLeaf;
  const int64_t cut = GENERATE_COPY(int64_t{1}, num_leaves / 3, num_leaves / 2, num_leaves - 1);  // the second shard
  CAPTURE(under_test, count, cut);
  if (cut == 0) return;
  GuardedParameter parameter(under_test, count, 1, 0);
  parameter.gradients.WriteFloats(DataType::kFloat32, RandomValues(count, 7, -1, 1));
  std::vector<OptimizedParameter> pieces = {parameter.Describe(true, 0)};
  std::vector<int32_t> levels;
  for (int64_t begin = 0; begin < num_leaves;) {
    const int level = LevelOfSubtree(begin, begin < cut ? cut : num_leaves);
    const int64_t end = begin + (int64_t{1} << level);
    OptimizedParameter piece = pieces[0];
    piece.gradients += begin * kNormLeaf * static_cast<int64_t>(sizeof(float));
    piece.num_elements = std::min(end * kNormLeaf, count) - begin * kNormLeaf;
    piece.norm = 2 + static_cast<int32_t>(levels.size());
    pieces.push_back(piece);
    levels.push_back(level);
    begin = end;
  }
  const auto num_pieces = static_cast<int32_t>(levels.size());
  GuardedBuffer norms(under_test, "norms", (2 + num_pieces) * sizeof(double));
  GuardedBuffer cut_memory(under_test, "cut norms", sizeof(CutNorm));
  GuardedBuffer level_memory(under_test, "levels", num_pieces * sizeof(int32_t));
  auto* const table = reinterpret_cast<double*>(norms.data());
  const auto* const cut_norm = new (cut_memory.data()) CutNorm{1, 2, num_pieces, 1, 0};
  std::copy(levels.begin(), levels.end(), reinterpret_cast<int32_t*>(level_memory.data()));
  const std::unique_ptr<Optimizer> optimizer = under_test.backend->CreateOptimizer(pieces);
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {}, table, 2 + num_pieces).ok());
  const CutNorms cuts = {cut_norm, reinterpret_cast<const int32_t*>(level_memory.data()), 1};
  REQUIRE(optimizer->JoinNorms(under_test.stream, cuts, table).ok());
  under_test.synchronize();
  CHECK(table[0] > 0);
  CHECK(table[1] == table[0]);
  for (const GuardedBuffer* buffer : {&norms, &cut_memory, &level_memory}) CHECK(buffer->CheckGuards().ok());
}

TEST_CASE("an update with a norm that is not finite only clears the gradients") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 17, 70001);
  const double clip_norm = GENERATE(0.0, 1.0);
  const float bad = GENERATE(std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::quiet_NaN());
  const bool in_loss = GENERATE(false, true);
  CAPTURE(under_test, count, clip_norm, bad, in_loss);
  GuardedParameter parameter(under_test, count, 3, 1);
  parameter.first.WriteFloats(DataType::kFloat32, RandomValues(count, 4, -1, 1));
  parameter.second.WriteFloats(DataType::kFloat32, RandomValues(count, 5, 0, 1));
  std::vector<double> gradient = RandomValues(count, 6, -1, 1);
  if (!in_loss) gradient[count / 2] = bad;
  parameter.gradients.WriteFloats(DataType::kFloat32, gradient);
  for (GuardedBuffer* buffer : {&parameter.values, &parameter.first, &parameter.second}) buffer->Freeze();
  GuardedBuffer norms(under_test, "norms", 2 * sizeof(double));
  GuardedBuffer losses(under_test, "losses", 3 * sizeof(double));
  GuardedBuffer gradient_norm(under_test, "gradient norm", sizeof(double));
  GuardedBuffer control_memory(under_test, "control", sizeof(UpdateControl));
  auto* const control = new (control_memory.data()) UpdateControl;
  control->learning_rate = 0.1;
  control->weight_decay = 0.1;
  control->clip_norm = clip_norm;
  auto* const table = reinterpret_cast<double*>(norms.data());
  auto* const loss = reinterpret_cast<double*>(losses.data());
  auto* const norm = reinterpret_cast<double*>(gradient_norm.data());
  loss[0] = 1.5;
  loss[1] = in_loss ? bad : -2.5;
  loss[2] = 1e300;
  const std::unique_ptr<Optimizer> optimizer = under_test.backend->CreateOptimizer({parameter.Describe(true, 1)});
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {loss, 3}, table, 2).ok());
  REQUIRE(optimizer->Update(under_test.stream, table, 2, control, norm).ok());
  under_test.synchronize();
  CHECK_FALSE(std::isfinite(*norm));
  CHECK(std::isfinite(table[1]) == in_loss);
  for (const GuardedBuffer* buffer : {&parameter.values, &parameter.first, &parameter.second}) {
    CHECK(buffer->CheckUnchanged().ok());
  }
  CHECK(parameter.Read()[3] == std::vector<double>(count, 0.0));
}

TEST_CASE("an update of a frozen parameter only clears its gradients") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 17, 70001);
  CAPTURE(under_test, count);
  GuardedParameter frozen(under_test, count, 3, 1), trained(under_test, count, 4, 1);
  frozen.gradients.WriteFloats(DataType::kFloat32, RandomValues(count, 6, -1, 1));
  trained.gradients.WriteFloats(DataType::kFloat32, RandomValues(count, 7, -1, 1));
  for (GuardedBuffer* buffer : {&frozen.values, &frozen.first, &frozen.second}) buffer->Freeze();
  const std::vector<double> before = trained.Read()[0];
  GuardedBuffer norms(under_test, "norms", sizeof(double));
  GuardedBuffer gradient_norm(under_test, "gradient norm", sizeof(double));
  GuardedBuffer control_memory(under_test, "control", sizeof(UpdateControl));
  auto* const control = new (control_memory.data()) UpdateControl;
  control->learning_rate = 0.1;
  control->weight_decay = 0.1;
  OptimizedParameter described = frozen.Describe(true, -1);
  described.frozen = true;
  const std::unique_ptr<Optimizer> optimizer =
      under_test.backend->CreateOptimizer({described, trained.Describe(true, 0)});
  auto* const table = reinterpret_cast<double*>(norms.data());
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {}, table, 1).ok());
  REQUIRE(
      optimizer->Update(under_test.stream, table, 1, control, reinterpret_cast<double*>(gradient_norm.data())).ok());
  under_test.synchronize();
  for (const GuardedBuffer* buffer : {&frozen.values, &frozen.first, &frozen.second}) {
    CHECK(buffer->CheckUnchanged().ok());
  }
  CHECK(frozen.Read()[3] == std::vector<double>(count, 0.0));
  CHECK(trained.Read()[0] != before);
}

TEST_CASE("finite losses leave the norms as they are") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  CAPTURE(under_test);
  GuardedParameter parameter(under_test, 5, 3, 0);
  parameter.gradients.WriteFloats(DataType::kFloat32, {1, 2, 3, 4, 5});
  GuardedBuffer norms(under_test, "norms", sizeof(double));
  GuardedBuffer losses(under_test, "losses", 300 * sizeof(double));
  auto* const table = reinterpret_cast<double*>(norms.data());
  auto* const loss = reinterpret_cast<double*>(losses.data());
  for (int i = 0; i < 300; ++i) loss[i] = i % 2 == 0 ? -1e308 : 1e308;
  const std::unique_ptr<Optimizer> optimizer = under_test.backend->CreateOptimizer({parameter.Describe(true, 0)});
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {loss, 300}, table, 1).ok());
  under_test.synchronize();
  CHECK(table[0] == 55.0);
  loss[299] = std::numeric_limits<double>::quiet_NaN();
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {loss, 300}, table, 1).ok());
  under_test.synchronize();
  CHECK(std::isnan(table[0]));
}

TEST_CASE("working copies follow the values") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const DataType precision = under_test.backend->precision();
  if (precision == DataType::kFloat32) return;  // there are no working copies: layers read the values
  const int64_t count = GENERATE(1, 8, 29, 70001);
  CAPTURE(under_test, count);
  GuardedParameter parameter(under_test, count, 3, 1);
  GuardedBuffer working(under_test, "working", count * SizeOf(precision), 3);
  OptimizedParameter described = parameter.Describe(true, 0);
  described.working = working.data();
  const std::unique_ptr<Optimizer> optimizer = under_test.backend->CreateOptimizer({described});
  const auto check = [&] {
    under_test.synchronize();
    const std::vector<double> values = parameter.values.ReadFloats(DataType::kFloat32);
    const std::vector<double> rounded = working.ReadFloats(precision);
    for (int64_t i = 0; i < count; ++i) {
      REQUIRE(rounded[i] == FromBFloat16Bits(ToBFloat16Bits(static_cast<float>(values[i]))));
    }
    CHECK(working.CheckGuards().ok());
    CHECK(parameter.values.CheckGuards().ok());
    return values;
  };
  REQUIRE(optimizer->RoundValues(under_test.stream).ok());
  const std::vector<double> before = check();
  GuardedBuffer norms(under_test, "norms", sizeof(double));
  GuardedBuffer gradient_norm(under_test, "gradient norm", sizeof(double));
  GuardedBuffer control_memory(under_test, "control", sizeof(UpdateControl));
  auto* const control = new (control_memory.data()) UpdateControl;
  control->learning_rate = 0.5;
  parameter.gradients.WriteFloats(DataType::kFloat32, RandomValues(count, 4, 1, 2));
  auto* const table = reinterpret_cast<double*>(norms.data());
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {}, table, 1).ok());
  REQUIRE(
      optimizer->Update(under_test.stream, table, 1, control, reinterpret_cast<double*>(gradient_norm.data())).ok());
  CHECK(check() != before);
}

// One update of `count` values of `type`, rounded or not, as bits of f32.
std::vector<double> UpdateOnce(const BackendUnderTest& under_test, int64_t count, DataType type, bool rounds,
                               const UpdateControl& settings, int64_t first_element) {
  GuardedParameter parameter(under_test, count, 5, 0);
  std::vector<double> values = RandomValues(count, 5, -1, 1);
  for (double& value : values) value = FromBFloat16Bits(ToBFloat16Bits(static_cast<float>(value)));
  parameter.values.WriteFloats(DataType::kFloat32, values);
  parameter.gradients.WriteFloats(DataType::kFloat32, RandomValues(count, 6, -1, 1));
  GuardedBuffer narrow(under_test, "values of 16 bits", 2 * count);
  OptimizedParameter described = parameter.Describe(true, 0);
  described.rounds = rounds;
  described.rounding_key = 17;
  described.first_element = first_element;
  if (type == DataType::kBFloat16) {
    narrow.WriteFloats(type, values);
    described.type = type;
    described.values = narrow.data();
  }
  const std::unique_ptr<Optimizer> optimizer = under_test.backend->CreateOptimizer({described});
  GuardedBuffer norms(under_test, "norms", sizeof(double));
  GuardedBuffer gradient_norm(under_test, "gradient norm", sizeof(double));
  GuardedBuffer control_memory(under_test, "control", sizeof(UpdateControl));
  auto* const control = new (control_memory.data()) UpdateControl(settings);
  auto* const table = reinterpret_cast<double*>(norms.data());
  REQUIRE(optimizer->SquaredNorms(under_test.stream, {}, table, 1).ok());
  REQUIRE(
      optimizer->Update(under_test.stream, table, 1, control, reinterpret_cast<double*>(gradient_norm.data())).ok());
  under_test.synchronize();
  CHECK(narrow.CheckGuards().ok());
  CHECK(parameter.Read()[3] == std::vector<double>(count, 0.0));
  return type == DataType::kBFloat16 ? narrow.ReadFloats(type) : parameter.values.ReadFloats(type);
}

TEST_CASE("values without a working copy are rounded by the bits of their place, the seed and the update") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 8, 29, 70001);
  const int64_t first_element = GENERATE(0, 48);
  UpdateControl control;
  control.learning_rate = 1e-4;  // less than the spacing of most values
  control.weight_decay = 0.1;
  control.step = 3;
  control.seed = 77;
  const std::vector<double> exact = UpdateOnce(under_test, count, DataType::kFloat32, false, control, first_element);
  for (const DataType type : {DataType::kFloat32, DataType::kBFloat16}) {
    if (type == DataType::kBFloat16 && under_test.backend->precision() != type) continue;
    CAPTURE(under_test, count, first_element, static_cast<int>(type));
    const std::vector<double> rounded = UpdateOnce(under_test, count, type, true, control, first_element);
    for (int64_t i = 0; i < count; ++i) {
      const int64_t element = first_element + i;
      const RoundingWords words = DrawRounding(17, control.seed, control.step, element / kRoundingBlock);
      const uint32_t bits = RoundingBits(words, static_cast<int>(element % kRoundingBlock));
      REQUIRE(rounded[i] == RoundStochastically(static_cast<float>(exact[i]), bits));
    }
  }
}

TEST_CASE("Add may write its sum over either term") {
  const auto under_test = GENERATE(from_range(BackendsUnderTest()));
  const int64_t count = GENERATE(1, 16, 77);
  const int over = GENERATE(0, 1, 2);  // a third buffer, a, b
  CAPTURE(under_test, count, over);
  const Shape shape(under_test.backend->precision(), {count});
  const std::vector<double> a_values = RandomValues(count, 8, -1, 1);
  const std::vector<double> b_values = RandomValues(count, 9, -1, 1);
  GuardedBuffer a(under_test, "a", shape.NumBytes());
  GuardedBuffer b(under_test, "b", shape.NumBytes());
  GuardedBuffer c(under_test, "c", shape.NumBytes());
  a.WriteFloats(shape.type(), a_values);
  b.WriteFloats(shape.type(), b_values);
  const std::vector<double> a_rounded = a.ReadFloats(shape.type());
  const std::vector<double> b_rounded = b.ReadFloats(shape.type());
  GuardedBuffer& sum = over == 0 ? c : over == 1 ? a : b;
  REQUIRE(under_test.backend->Add(under_test.stream, shape, a.data(), b.data(), sum.data()).ok());
  under_test.synchronize();
  const std::vector<double> actual = sum.ReadFloats(shape.type());
  for (int64_t i = 0; i < count; ++i) {
    float expected = static_cast<float>(a_rounded[i]) + static_cast<float>(b_rounded[i]);
    if (shape.type() == DataType::kBFloat16) expected = FromBFloat16Bits(ToBFloat16Bits(expected));
    REQUIRE(actual[i] == expected);
  }
  for (const GuardedBuffer* buffer : {&a, &b, &c}) CHECK(buffer->CheckGuards().ok());
}

}  // namespace baton
