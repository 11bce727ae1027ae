// Calls oneDNN and turns its status codes into absl::Status.
#include "ops/host/one_dnn.h"

#include <gnu/libc-version.h>
#include <omp.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace baton {

std::string DescribePlatform() {
  const dnnl_version_t& version = *dnnl_version();
  const auto isa_name = [](dnnl::cpu_isa isa) -> std::string {
    switch (isa) {
      case dnnl::cpu_isa::sse41:
        return "SSE4.1";
      case dnnl::cpu_isa::avx:
        return "AVX";
      case dnnl::cpu_isa::avx2:
        return "AVX2";
      case dnnl::cpu_isa::avx2_vnni:
        return "AVX2 VNNI";
      case dnnl::cpu_isa::avx512_core:
        return "AVX-512";
      case dnnl::cpu_isa::avx512_core_vnni:
        return "AVX-512 VNNI";
      case dnnl::cpu_isa::avx512_core_bf16:
        return "AVX-512 BF16";
      case dnnl::cpu_isa::avx512_core_amx:
        return "AVX-512 AMX";
      default:
        return absl::StrCat("instruction set ", static_cast<int>(isa));
    }
  };
  return absl::StrCat("oneDNN ", version.major, ".", version.minor, ".", version.patch, " for ",
                      isa_name(dnnl::get_effective_cpu_isa()), ", glibc ", gnu_get_libc_version());
}

const dnnl::engine& OneDnnEngine() {
  static const auto* const engine = new dnnl::engine(dnnl::engine::kind::cpu, 0);
  return *engine;
}

ThreadScope::ThreadScope(int threads) : previous_(omp_get_max_threads()), threads_(threads) {
  if (previous_ != threads_) omp_set_num_threads(threads_);
}

ThreadScope::~ThreadScope() {
  if (previous_ != threads_) omp_set_num_threads(previous_);
}

absl::Status Gemm(int64_t m, int64_t n, int64_t k, float alpha, const Matrix& a, const Matrix& b, float beta, float* c,
                  int64_t c_stride) {
  const dnnl_status_t status = dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', m, n, k, alpha, a.data,
                                          a.stride, b.data, b.stride, beta, c, c_stride);
  if (status == dnnl_success) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("oneDNN sgemm of ", m, " x ", n, " x ", k, " failed: status ", status));
}

OneDnnPrimitive::OneDnnPrimitive(const dnnl::primitive& primitive, const std::vector<Argument>& arguments)
    : primitive_(primitive), stream_(OneDnnEngine()) {
  for (const auto& [id, desc] : arguments) {
    memories_.push_back(dnnl::memory(desc, OneDnnEngine(), DNNL_MEMORY_NONE));
    arguments_.push_back({id, memories_.back().get()});
  }
}

absl::Status OneDnnPrimitive::Run(std::initializer_list<const void*> pointers) {
  int index = 0;
  for (const void* pointer : pointers) {
    // oneDNN takes writable pointers even to memory that it only reads.
    const dnnl_status_t status = dnnl_memory_set_data_handle(arguments_[index++].memory, const_cast<void*>(pointer));
    if (status != dnnl_success) return absl::InternalError(absl::StrCat("oneDNN set_data_handle: status ", status));
  }
  const dnnl_status_t status =
      dnnl_primitive_execute(primitive_.get(), stream_.get(), static_cast<int>(arguments_.size()), arguments_.data());
  if (status == dnnl_success) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("oneDNN primitive failed: status ", status));
}

}  // namespace baton
