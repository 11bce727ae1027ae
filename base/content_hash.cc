// XXH3 of the system's xxHash library.
#include "base/content_hash.h"

#include <xxhash.h>

#include <new>

#include "absl/strings/str_format.h"

namespace baton {
namespace {

std::string ToHex(const XXH128_hash_t& hash) { return absl::StrFormat("%016x%016x", hash.high64, hash.low64); }

}  // namespace

struct ContentHash::State {
  State() : library(XXH3_createState()) {
    if (library == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(library);
  }
  ~State() { XXH3_freeState(library); }
  XXH3_state_t* const library;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) {}

ContentHash::~ContentHash() = default;

void ContentHash::Add(absl::string_view bytes) { XXH3_128bits_update(state_->library, bytes.data(), bytes.size()); }

std::string ContentHash::Hex() const { return ToHex(XXH3_128bits_digest(state_->library)); }

std::string HashOf(absl::string_view bytes) { return ToHex(XXH3_128bits(bytes.data(), bytes.size())); }

}  // namespace baton
