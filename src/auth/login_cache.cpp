#include "crypto.hpp"

#include <godwit/auth/login_cache.hpp>
#include <godwit/base/assert.hpp>
#include <godwit/base/wipe.hpp>

#include <algorithm>
#include <cstring>

namespace godwit::auth {
namespace {

base::hash_seed seed_from(const base::bytes& key) {
  base::hash_seed seed;
  GODWIT_ASSERT(key.size() >= sizeof seed);
  std::memcpy(&seed, key.data(), sizeof seed);
  return seed;
}

}  // namespace

login_cache::login_cache(base::bytes key, std::size_t entries_max)
    : key_{std::move(key)},
      entries_max_{entries_max},
      young_{0, base::seeded_string_hash{seed_from(key_)}},
      old_{0, base::seeded_string_hash{seed_from(key_)}} {}

bool login_cache::knows(std::string_view user, const password_hash& entry,
                        base::bytes_view password) const {
  auto found = young_.find(user);
  if (found == young_.end()) {
    found = old_.find(user);
    if (found == old_.end()) return false;
  }
  return is_same(found->second, digest_of(entry, password));
}

void login_cache::add(std::string_view user, const password_hash& entry,
                      base::bytes_view password) {
  if (entries_max_ == 0) return;
  if (young_.size() >= (entries_max_ + 1) / 2 && !young_.contains(user)) {
    old_ = std::move(young_);
    young_ = table{0, old_.hash_function()};
  }
  young_.insert_or_assign(std::string{user}, digest_of(entry, password));
}

login_cache::digest login_cache::digest_of(const password_hash& entry,
                                           base::bytes_view password) const {
  base::bytes text;
  text.reserve(entry.text().size() + 1 + password.size());
  const base::bytes_view hash = base::as_bytes(entry.text());
  text.insert(text.end(), hash.begin(), hash.end());
  text.push_back(std::byte{0});  // is in no entry
  text.insert(text.end(), password.begin(), password.end());
  const base::bytes made = hmac_sha256(key_, text);
  base::wipe(text);
  digest out{};
  std::copy(made.begin(), made.end(), out.begin());
  return out;
}

}  // namespace godwit::auth
