// An operation in words, for the messages of errors and of the watchdog: "Forward chunk 2 micro-batch 5".
#ifndef BATON_RUNTIME_EXECUTE_DESCRIBE_H_
#define BATON_RUNTIME_EXECUTE_DESCRIBE_H_

#include <string>

#include "schedules/program/instruction.h"

namespace baton {

std::string DescribeOperation(const Operation& operation);

}  // namespace baton

#endif  // BATON_RUNTIME_EXECUTE_DESCRIBE_H_
