// The version of Baton. Used by the command line and by tools/gpu_check.
#ifndef BATON_BASE_VERSION_H_
#define BATON_BASE_VERSION_H_

namespace baton {

inline constexpr char kVersion[] = "0.1.0";

}  // namespace baton

#endif  // BATON_BASE_VERSION_H_
