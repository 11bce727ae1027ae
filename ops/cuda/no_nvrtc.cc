// cuDNN's frontend holds an engine for another operation (RMS norm on Blackwell) that compiles its kernels by NVRTC.
// Attention never asks for it, so that these refusals take NVRTC's place and programs need not find its library when
// they start. Linked with cudnn_attention.cc; hidden, so that cuDNN's own use of NVRTC is not touched.
#include <cstddef>

#define BATON_HIDDEN __attribute__((visibility("hidden")))

extern "C" {

// NVRTC_ERROR_INTERNAL_ERROR of nvrtc.h, which would declare these functions as its own.
constexpr int kInternalError = 11;

BATON_HIDDEN int nvrtcCreateProgram(void*, const char*, const char*, int, const char* const*, const char* const*) {
  return kInternalError;
}
BATON_HIDDEN int nvrtcDestroyProgram(void*) { return kInternalError; }
BATON_HIDDEN int nvrtcCompileProgram(void*, int, const char* const*) { return kInternalError; }
BATON_HIDDEN int nvrtcGetCUBINSize(void*, size_t*) { return kInternalError; }
BATON_HIDDEN int nvrtcGetCUBIN(void*, char*) { return kInternalError; }
BATON_HIDDEN int nvrtcGetProgramLogSize(void*, size_t*) { return kInternalError; }
BATON_HIDDEN int nvrtcGetProgramLog(void*, char*) { return kInternalError; }

}  // extern "C"
