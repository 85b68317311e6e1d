#include <godwit/base/assert.hpp>
#include <godwit/net/ticket_keys.hpp>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <stdexcept>

namespace godwit::net {
namespace {

using digest = std::array<std::byte, 32>;

unsigned char* raw(std::byte* bytes) noexcept {
  return reinterpret_cast<unsigned char*>(bytes);
}

}  // namespace

ticket_keys::ticket_keys(const base::clock& clock) : clock_{clock} {
  if (RAND_bytes(raw(secret_.data()), static_cast<int>(secret_.size())) != 1) {
    throw std::runtime_error("the system gives no random bytes for TLS session tickets");
  }
}

ticket_keys::~ticket_keys() {
  OPENSSL_cleanse(secret_.data(), secret_.size());
}

ticket_keys::key ticket_keys::current(const trust& t) const {
  return of_day(t, today());
}

ticket_keys::age ticket_keys::find(const trust& t, std::span<const std::byte, 16> name,
                                   key& out) const {
  const std::uint64_t day = today();
  out = of_day(t, day);
  if (std::ranges::equal(out.name, name)) return age::current;
  out = of_day(t, day - 1);
  if (std::ranges::equal(out.name, name)) return age::previous;
  return age::unknown;
}

std::uint64_t ticket_keys::today() const noexcept {
  const auto day = std::chrono::floor<std::chrono::days>(clock_.now().wall);
  return static_cast<std::uint64_t>(day.time_since_epoch().count());
}

ticket_keys::key ticket_keys::of_day(const trust& t, std::uint64_t day) const {
  std::array<std::byte, std::tuple_size_v<trust> + 9> what{};
  std::ranges::copy(t, what.begin());
  for (std::size_t i = 0; i < 8; ++i) {
    what[t.size() + i] = static_cast<std::byte>(day >> (8 * i));
  }
  const auto derive = [&](unsigned purpose) {
    what.back() = static_cast<std::byte>(purpose);
    digest out{};
    unsigned size = 0;
    const void* const done = HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
                                  raw(what.data()), what.size(), raw(out.data()), &size);
    GODWIT_ASSERT(done != nullptr && size == out.size());
    return out;
  };
  key k{};
  const digest name = derive(0);
  std::copy_n(name.begin(), k.name.size(), k.name.begin());
  k.cipher = derive(1);
  k.mac = derive(2);
  return k;
}

}  // namespace godwit::net
