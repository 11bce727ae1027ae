// Describes a run in a few lines, before its first step. Used by the trainer.
#ifndef BATON_RUNTIME_TRAIN_ANNOUNCE_H_
#define BATON_RUNTIME_TRAIN_ANNOUNCE_H_

#include <string>
#include <vector>

#include "proto/job.pb.h"
#include "runtime/train/session.h"

namespace baton {

// Program, memory of the fullest device, and what the devices are. `graphs`: steps are recorded where devices can.
std::vector<std::string> DescribeRun(const proto::Job& job, const TrainingSession& session, bool graphs);

}  // namespace baton

#endif  // BATON_RUNTIME_TRAIN_ANNOUNCE_H_
