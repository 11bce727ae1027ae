// Settings of `baton whatif`, as "micro_batches=64": each stands for a flag or for a field of the job. Used by
// whatif.cc.
#ifndef BATON_TOOLS_BATON_WHATIF_SETTINGS_H_
#define BATON_TOOLS_BATON_WHATIF_SETTINGS_H_

#include <string>

#include "absl/status/status.h"
#include "tools/baton/problem_flags.h"

namespace baton {

// Applies settings to `flags`. `text`: several are separated by commas; a comma inside brackets or quotes belongs to
// its value, as in "pipeline.split.layers=[1, 3]". Errors: InvalidArgument that names the setting.
absl::Status ApplySettings(const std::string& text, ProblemFlags& flags);

}  // namespace baton

#endif  // BATON_TOOLS_BATON_WHATIF_SETTINGS_H_
