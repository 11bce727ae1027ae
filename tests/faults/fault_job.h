// The jobs that the suites of faults run. Each program links one kind of device.
#ifndef BATON_TESTS_FAULTS_FAULT_JOB_H_
#define BATON_TESTS_FAULTS_FAULT_JOB_H_

#include <string>
#include <vector>

#include "proto/job.pb.h"

namespace baton {

// A job of this program's kind of device, with overrides: host_job.cc, cuda_stand_in_job.cc. On the stand-in it also
// makes the machine new.
proto::Job FaultJob(const std::vector<std::string>& overrides = {});

}  // namespace baton

#endif  // BATON_TESTS_FAULTS_FAULT_JOB_H_
