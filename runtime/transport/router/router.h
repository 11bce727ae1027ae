// The transport of a process whose peers may be elsewhere: picks one transport for each channel and sum by where its
// devices are. Used by runtime/train and by tests.
//
//   both ends here ─ local        one end here ─ remote        none here ─ nothing
#ifndef BATON_RUNTIME_TRANSPORT_ROUTER_ROUTER_H_
#define BATON_RUNTIME_TRANSPORT_ROUTER_ROUTER_H_

#include <functional>
#include <vector>

#include "runtime/transport/transport.h"

namespace baton {

struct RouterOptions {
  int rank = 0;                     // this process
  std::vector<int> rank_of_device;  // [device]
  Transport* local = nullptr;       // between devices of this process
  Transport* remote = nullptr;      // between this process and others
};

// Thread contract: see Transport. Borrows both transports, which must outlive it.
class Router final : public Transport {
 public:
  // Errors: InvalidArgument without both transports, or if no device is here.
  static absl::StatusOr<std::unique_ptr<Router>> Create(RouterOptions options);

  // Errors besides those of the chosen transport: InvalidArgument for a device that is not in the table.
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int from, int to, int capacity) override;
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t> device_of_member) override;
  void SetErrorSink(std::function<void(const absl::Status&)> sink) override;

 private:
  explicit Router(RouterOptions options);

  // The transport of a channel or sum between these devices; null: none of them is here.
  absl::StatusOr<Transport*> Pick(absl::Span<const int32_t> devices) const;

  const RouterOptions options_;
};

}  // namespace baton

#endif  // BATON_RUNTIME_TRANSPORT_ROUTER_ROUTER_H_
