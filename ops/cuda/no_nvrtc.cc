// Replaces NVRTC's functions by ones that fail, so that programs start without NVRTC's library. cuDNN's frontend refers
// to them in an engine for another operation (RMS norm on Blackwell), which attention never uses. Linked with
// cudnn_plan.cc; hidden, so that cuDNN's own use of NVRTC is not affected.
#include <cstddef>

#define BATON_HIDDEN __attribute__((visibility("hidden")))

extern "C" {

// NVRTC_ERROR_INTERNAL_ERROR of nvrtc.h, which is not included because its declarations of these functions differ.
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
