#pragma once

#include <godwit/auth/mistake.hpp>
#include <godwit/auth/password_hash.hpp>
#include <godwit/base/result.hpp>
#include <godwit/base/seeded_hash.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::auth {

/// Users and devices with their password hashes and tokens: one `name:hash` a line, '#' at the
/// start of a line makes a comment. Reads mosquitto's password files. A line that is anything else
/// (empty, without hash, without name, a name given twice) makes the whole file wrong: half a file
/// would let somebody in or keep everybody out. Immutable.
class password_file {
 public:
  /// Errors: all that is wrong, at most 20, without any secret.
  [[nodiscard]] static base::result<password_file, std::vector<mistake>> parse(
      std::string_view text);

  struct entry {
    password_hash hash;
    std::size_t line = 0;
  };
  /// Null: no such user.
  [[nodiscard]] const entry* find(std::string_view user) const noexcept;
  /// An entry to compute in place of an unknown user's, so that answers about unknown users take
  /// the same time as those about known ones. Always the same for one number.
  [[nodiscard]] const password_hash& stand_in(std::uint64_t number) const noexcept;
  /// The same for SCRAM, which shows an entry's salt and iterations to whoever asks: a user without
  /// keys seems to have some, always the same as long as the first user with keys has his.
  /// `salt` is where the salt of the result lies.
  [[nodiscard]] scram_verifier stand_in_for_scram(std::string_view user, base::bytes& salt) const;
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  password_file();
  boost::unordered_flat_map<std::string, entry, base::seeded_string_hash, std::equal_to<>> entries_;
  std::vector<password_hash> kinds_;        ///< a sample of the entries, in their proportion
  std::vector<password_hash> scram_kinds_;  ///< the same of those for SCRAM
};

/// The text of a file in which this user has this hash: changed, or added at the end. The rest
/// stays as it is.
[[nodiscard]] std::string with_entry(std::string_view text, std::string_view user,
                                     const password_hash& hash);
/// The text without this user; nothing changes if there is none.
[[nodiscard]] std::string without_entry(std::string_view text, std::string_view user);

/// Can a user be called so in a password file? Valid UTF-8, no ':' and no control characters, not
/// empty, no '#' at the start, at most 1024 bytes.
[[nodiscard]] bool is_user_name(std::string_view name) noexcept;

}  // namespace godwit::auth
