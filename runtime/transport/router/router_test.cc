// Which transport is asked for which devices.
#include "runtime/transport/router/router.h"

#include <catch2/catch.hpp>
#include <string>

namespace baton {
namespace {

// Makes nothing and counts.
class CountingTransport final : public Transport {
 public:
  absl::StatusOr<std::unique_ptr<Channel>> CreateChannel(int, int, int) override {
    ++num_channels;
    return nullptr;
  }
  absl::StatusOr<std::unique_ptr<Collective>> CreateCollective(absl::Span<const int32_t>) override {
    ++num_sums;
    return nullptr;
  }
  void SetErrorSink(std::function<void(const absl::Status&)> sink) override { has_sink = sink != nullptr; }

  int num_channels = 0;
  int num_sums = 0;
  bool has_sink = false;
};

TEST_CASE("router: local if all devices are here, remote if some are, nothing if none is") {
  CountingTransport local, remote;
  auto router = Router::Create({1, {0, 1, 1, 2}, &local, &remote}).value();
  REQUIRE(router->CreateChannel(1, 2, 1).ok());
  CHECK((local.num_channels == 1 && remote.num_channels == 0));
  REQUIRE(router->CreateChannel(0, 1, 1).ok());
  REQUIRE(router->CreateChannel(2, 3, 1).ok());
  REQUIRE(router->CreateChannel(0, 3, 1).ok());
  CHECK((local.num_channels == 1 && remote.num_channels == 2));
  REQUIRE(router->CreateCollective({1, 2, 1}).ok());
  REQUIRE(router->CreateCollective({0, 1, 2}).ok());
  REQUIRE(router->CreateCollective({0, 3}).ok());
  CHECK((local.num_sums == 1 && remote.num_sums == 1));
  router->SetErrorSink([](const absl::Status&) {});
  CHECK((local.has_sink && remote.has_sink));
}

TEST_CASE("router: devices that are not in the table, and processes without devices, are refused") {
  CountingTransport local, remote;
  CHECK(Router::Create({2, {0, 1}, &local, &remote}).status() ==
        absl::InvalidArgumentError("rank_of_device: rank 2 has no device"));
  CHECK(Router::Create({0, {0, 1}, &local, nullptr}).status() == absl::InvalidArgumentError("remote: null"));
  auto router = Router::Create({0, {0, 1}, &local, &remote}).value();
  CHECK(router->CreateChannel(0, 2, 1).status() == absl::InvalidArgumentError("device 2: there are 2 devices"));
  CHECK(router->CreateChannel(1, 1, 1).status().code() == absl::StatusCode::kInvalidArgument);
  CHECK(router->CreateCollective({-1}).status().code() == absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace baton
