// In f32, the forward product is a matmul primitive, which also adds bias and addend; the two others are sgemm calls,
// which are as fast and need no scratchpad. In bf16 all three are matmul primitives.
#include "ops/host/linear_products.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "ops/host/vectors.h"

namespace baton {
namespace {

using dnnl::memory;

memory::desc Rows(int64_t rows, int64_t columns, memory::data_type type) {
  return memory::desc({rows, columns}, type, memory::format_tag::ab);
}

// The transposed of a row-major [columns, rows].
memory::desc Transposed(int64_t rows, int64_t columns, memory::data_type type) {
  return memory::desc({rows, columns}, type, memory::format_tag::ba);
}

// The operands of a product and what it adds.
struct Product {
  memory::desc a, b, result;
  bool adds_bias = false;
  bool adds_addend = false;  // an argument of the result's shape
  bool accumulates = false;  // adds to what the result contains
};

// Arguments: a, b, result, scratchpad, then bias and addend, if there are any. `pad_bytes`: grows to the scratchpad's.
OneDnnPrimitive MakeProduct(const Product& product, Bytes* pad_bytes) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  dnnl::post_ops after;
  if (product.adds_addend) after.append_binary(dnnl::algorithm::binary_add, product.result);
  if (product.accumulates) after.append_sum(1.0f);
  attributes.set_post_ops(after);
  const memory::desc bias = Rows(1, product.result.dims()[1], memory::data_type::f32);
  const auto description = product.adds_bias ? dnnl::matmul::desc(product.a, product.b, bias, product.result)
                                             : dnnl::matmul::desc(product.a, product.b, product.result);
  const dnnl::matmul::primitive_desc primitive(description, attributes, OneDnnEngine());
  std::vector<OneDnnPrimitive::Argument> arguments = {{DNNL_ARG_SRC, product.a},
                                                      {DNNL_ARG_WEIGHTS, product.b},
                                                      {DNNL_ARG_DST, product.result},
                                                      {DNNL_ARG_SCRATCHPAD, primitive.scratchpad_desc()}};
  if (product.adds_bias) arguments.push_back({DNNL_ARG_BIAS, bias});
  if (product.adds_addend) {
    arguments.push_back({DNNL_ARG_ATTR_MULTIPLE_POST_OP(0) | DNNL_ARG_SRC_1, product.result});
  }
  *pad_bytes = std::max(*pad_bytes, AlignUp(static_cast<Bytes>(primitive.scratchpad_desc().get_size())));
  return OneDnnPrimitive(dnnl::matmul(primitive), arguments);
}

Bytes RoundedBytes(int64_t count) { return AlignUp(count * SizeOf(DataType::kBFloat16)); }

}  // namespace

absl::StatusOr<HostLinearProducts> HostLinearProducts::Create(const HostOptions& options, const LinearSpec& spec,
                                                              int64_t rows, const RoundedOperands& rounded) {
  return CatchOneDnnErrors("linear", [&]() -> absl::StatusOr<HostLinearProducts> {
    const ThreadScope scope(options.threads);
    HostLinearProducts products(options, spec, rows, rounded);
    products.MakePrimitives(spec.bias && spec.adds_bias);
    return products;
  });
}

void HostLinearProducts::MakePrimitives(bool adds_bias) {
  const auto f32 = memory::data_type::f32;
  const bool rounds = options_.products == DataType::kBFloat16;
  const auto type = rounds ? memory::data_type::bf16 : f32;
  Product forward;
  forward.a = Rows(rows_, inputs_, type);
  forward.b = Transposed(inputs_, outputs_, type);
  forward.result = Rows(rows_, outputs_, f32);
  forward.adds_bias = adds_bias;
  forward_ = MakeProduct(forward, &pad_bytes_);
  forward.adds_addend = true;
  forward_with_addend_ = MakeProduct(forward, &pad_bytes_);
  scratch_bytes_ = pad_bytes_;
  if (!rounds) return;
  Product input;
  input.a = Rows(rows_, outputs_, type);
  input.b = Rows(outputs_, inputs_, type);
  input.result = Rows(rows_, inputs_, f32);
  backward_input_ = MakeProduct(input, &pad_bytes_);
  Product weight;
  weight.a = Transposed(outputs_, rows_, type);
  weight.b = Rows(rows_, inputs_, type);
  weight.result = Rows(outputs_, inputs_, f32);
  weight.accumulates = true;
  backward_weight_ = MakeProduct(weight, &pad_bytes_);
  const Bytes x = rounded_.input ? 0 : RoundedBytes(rows_ * inputs_);
  const Bytes y = rounded_.grad_output ? 0 : RoundedBytes(rows_ * outputs_);
  const Bytes w = RoundedBytes(outputs_ * inputs_);
  scratch_bytes_ = pad_bytes_ + std::max({x + w, y + w, x + y});
}

const void* HostLinearProducts::Operand(int64_t count, const void* values, bool rounded, std::byte* copy) const {
  if (options_.products == DataType::kFloat32 || rounded) return values;
  RoundElements(options_.threads, count, static_cast<const float*>(values), reinterpret_cast<uint16_t*>(copy));
  return copy;
}

absl::Status HostLinearProducts::Forward(const void* input, const float* weight, const float* bias, const float* addend,
                                         float* output, std::byte* scratch) {
  std::byte* const copies = scratch + pad_bytes_;
  const int64_t inputs = rows_ * inputs_;
  const void* const a = Operand(inputs, input, rounded_.input, copies);
  const void* const b =
      Operand(outputs_ * inputs_, weight, false, copies + (rounded_.input ? 0 : RoundedBytes(inputs)));
  if (addend == nullptr) {
    return bias == nullptr ? forward_.Run({a, b, output, scratch}) : forward_.Run({a, b, output, scratch, bias});
  }
  return bias == nullptr ? forward_with_addend_.Run({a, b, output, scratch, addend})
                         : forward_with_addend_.Run({a, b, output, scratch, bias, addend});
}

absl::Status HostLinearProducts::BackwardInput(const void* grad_output, const float* weight, float* grad_input,
                                               std::byte* scratch) {
  if (options_.products == DataType::kFloat32) {
    return Gemm(rows_, inputs_, outputs_, 1.0f, {static_cast<const float*>(grad_output), outputs_}, {weight, inputs_},
                0.0f, grad_input, inputs_);
  }
  std::byte* const copies = scratch + pad_bytes_;
  const int64_t outputs = rows_ * outputs_;
  const void* const a = Operand(outputs, grad_output, rounded_.grad_output, copies);
  const void* const b =
      Operand(outputs_ * inputs_, weight, false, copies + (rounded_.grad_output ? 0 : RoundedBytes(outputs)));
  return backward_input_.Run({a, b, grad_input, scratch});
}

absl::Status HostLinearProducts::BackwardWeight(const void* grad_output, const void* input, float* weight_gradient,
                                                std::byte* scratch) {
  if (options_.products == DataType::kFloat32) {
    return Gemm(outputs_, inputs_, rows_, 1.0f,
                {static_cast<const float*>(grad_output), outputs_,
                 /*transposed=*/true},
                {static_cast<const float*>(input), inputs_}, 1.0f, weight_gradient, inputs_);
  }
  std::byte* const copies = scratch + pad_bytes_;
  const int64_t outputs = rows_ * outputs_;
  const void* const a = Operand(outputs, grad_output, rounded_.grad_output, copies);
  const void* const b =
      Operand(rows_ * inputs_, input, rounded_.input, copies + (rounded_.grad_output ? 0 : RoundedBytes(outputs)));
  return backward_weight_.Run({a, b, weight_gradient, scratch});
}

}  // namespace baton
