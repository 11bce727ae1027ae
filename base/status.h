// Macros that return errors. Baton reports errors only as absl::Status and absl::StatusOr.
//
//   BATON_RETURN_IF_ERROR(CheckRequest(request));
//   BATON_ASSIGN_OR_RETURN(const ComputeOrder order, MakeOrder("1f1b", request));
//
// Codes: InvalidArgument is a user's mistake; the message names the field, its value and what is allowed. Internal is a
// fault of Baton itself, such as a lowered program that the validator refuses. Unavailable: a device does not exist.
// DeadlineExceeded: from the watchdog. Cancelled: the error of another device came first.
#ifndef BATON_BASE_STATUS_H_
#define BATON_BASE_STATUS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Returns from the enclosing function if `expression`, an absl::Status, is not OK.
#define BATON_RETURN_IF_ERROR(expression)                                                  \
  do {                                                                                     \
    if (absl::Status baton_status = (expression); !baton_status.ok()) return baton_status; \
  } while (false)

#define BATON_STATUS_CONCAT_INNER(a, b) a##b
#define BATON_STATUS_CONCAT(a, b) BATON_STATUS_CONCAT_INNER(a, b)

// Declares or assigns `left` from the value of `expression`, an absl::StatusOr, or returns its error.
#define BATON_ASSIGN_OR_RETURN(left, expression) \
  BATON_ASSIGN_OR_RETURN_INNER(BATON_STATUS_CONCAT(baton_status_or_, __LINE__), left, expression)
#define BATON_ASSIGN_OR_RETURN_INNER(variable, left, expression) \
  auto variable = (expression);                                  \
  if (!variable.ok()) return std::move(variable).status();       \
  left = *std::move(variable)

#endif  // BATON_BASE_STATUS_H_
