// Fills in function, shape and bytes of a kernel.
#include "ops/models/kernel_makers.h"

#include "absl/strings/ascii.h"

namespace baton {

Kernel Pass(const std::string& name, const std::string& function, double flops, Bytes bytes) {
  Kernel kernel;
  kernel.name = name;
  kernel.function = function;
  kernel.flops = flops;
  kernel.bytes = bytes;
  return kernel;
}

std::string NameOfType(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "f32";
    case DataType::kFloat64:
      return "f64";
    case DataType::kInt32:
      return "i32";
    case DataType::kBFloat16:
      return "bf16";
  }
  return "";
}

Kernel PassOver(const std::string& name, const std::string& kind, const std::string& pass, const Shape& tensor,
                double flops, Bytes bytes) {
  std::string function = absl::AsciiStrToLower(kind);
  for (char& c : function) c = absl::ascii_isalnum(c) ? c : '_';
  Kernel kernel = Pass(name, function, flops, bytes);
  const int64_t columns = tensor.extents().empty() ? 1 : tensor.extents().back();
  kernel.shape.extents = {{"rows", static_cast<double>(tensor.NumElements() / columns)},
                          {"columns", static_cast<double>(columns)}};
  kernel.shape.words = {{"pass", pass}, {"type", NameOfType(tensor.type())}};
  return kernel;
}

Kernel Product(const std::string& name, double flops, int64_t m, int64_t n, int64_t k, DataType type,
               bool accumulates) {
  constexpr Bytes kFloat = 4;
  const Bytes element = SizeOf(type), tile_bytes = accumulates ? 2 * kFloat : element;
  Kernel kernel = Pass(name, "product", flops, (m * k + k * n) * element + m * n * tile_bytes);
  kernel.shape.extents = {{"m", static_cast<double>(m)}, {"n", static_cast<double>(n)}, {"k", static_cast<double>(k)}};
  kernel.shape.words = {{"a", NameOfType(type)},
                        {"b", NameOfType(type)},
                        {"c", accumulates ? "f32" : NameOfType(type)},
                        {"epilogue", "none"}};
  if (accumulates) kernel.shape.extents["adds"] = 1;
  kernel.kind = KernelKind::kProduct;
  kernel.m = m;
  kernel.n = n;
  kernel.k = k;
  kernel.tile_bytes = tile_bytes;
  return kernel;
}

}  // namespace baton
