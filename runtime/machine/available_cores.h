// How many cores this process may use. Used by TrainingSession and by the progress lines.
#ifndef BATON_RUNTIME_MACHINE_AVAILABLE_CORES_H_
#define BATON_RUNTIME_MACHINE_AVAILABLE_CORES_H_

namespace baton {

// At least 1. Honours the process's affinity mask (taskset, cgroup cpusets).
int AvailableCores();

}  // namespace baton

#endif  // BATON_RUNTIME_MACHINE_AVAILABLE_CORES_H_
