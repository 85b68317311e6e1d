#include "crypto.hpp"

#include <godwit/auth/remote_cache.hpp>
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

remote_cache::remote_cache(base::bytes key, std::size_t entries_max)
    : key_{std::move(key)},
      entries_max_{entries_max},
      entries_{0, base::seeded_string_hash{seed_from(key_)}} {}

std::optional<remote_answer> remote_cache::find(const remote_question& q,
                                                base::steady_time now) const {
  const auto found = entries_.find(q.user_name);
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  if (!is_same(found->second.digest, digest_of(q))) return std::nullopt;
  remote_answer out = found->second.answer;
  if (out.good_for) {
    *out.good_for -= std::chrono::duration_cast<std::chrono::seconds>(now - found->second.since);
  }
  return out;
}

void remote_cache::add(const remote_question& q, const remote_answer& answer, base::duration keep,
                       base::steady_time now) {
  if (answer.good_for) keep = std::min<base::duration>(keep, *answer.good_for);
  if (entries_max_ == 0 || keep.count() <= 0) return;
  if (entries_.size() >= entries_max_ && !entries_.contains(q.user_name)) {
    boost::unordered::erase_if(entries_, [now](const auto& e) { return e.second.until <= now; });
    if (entries_.size() >= entries_max_) entries_.clear();
  }
  entries_.insert_or_assign(q.user_name, entry{digest_of(q), now + keep, now, answer});
}

/// Each part with its length, so that no two questions are alike.
base::bytes remote_cache::digest_of(const remote_question& q) const {
  base::bytes text;
  const auto add_part = [&text](base::bytes_view part) {
    for (std::uint64_t size = part.size(), i = 0; i < sizeof size; ++i, size >>= 8U) {
      text.push_back(static_cast<std::byte>(size & 0xffU));
    }
    text.insert(text.end(), part.begin(), part.end());
  };
  for (const std::string* part : {&q.user_name, &q.client_id, &q.address, &q.listener}) {
    add_part(base::as_bytes(*part));
  }
  add_part(q.password);
  base::bytes out = hmac_sha256(key_, text);
  base::wipe(text);
  return out;
}

}  // namespace godwit::auth
