#pragma once

#include <godwit/auth/remote.hpp>
#include <godwit/base/bytes.hpp>
#include <godwit/base/clock.hpp>
#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace godwit::auth {

/// Remembers for a while that a remote service allowed a login, by a keyed digest of everything it
/// was asked. One per shard.
class remote_cache {
 public:
  /// `key`: 32 random bytes. At most `entries_max` users.
  remote_cache(base::bytes key, std::size_t entries_max);

  [[nodiscard]] std::optional<remote_answer> find(const remote_question& q,
                                                  base::steady_time now) const;
  /// `answer.good_for` shortens the time that it is remembered.
  void add(const remote_question& q, const remote_answer& answer, base::duration keep,
           base::steady_time now);
  void clear() { entries_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct entry {
    base::bytes digest;
    base::steady_time until{};
    base::steady_time since{};
    remote_answer answer;
  };
  [[nodiscard]] base::bytes digest_of(const remote_question& q) const;

  base::bytes key_;
  std::size_t entries_max_;
  boost::unordered_flat_map<std::string, entry, base::seeded_string_hash, std::equal_to<>> entries_;
};

}  // namespace godwit::auth
