#pragma once

#include <godwit/base/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace godwit::auth {

/// Can this name be put into a pattern?
[[nodiscard]] bool is_usable_in_pattern(std::string_view name) noexcept;

/// The names that stand for "%u" and "%c" in patterns; made once for a question, whatever the
/// number of patterns. Borrows them.
class pattern_names {
 public:
  pattern_names() noexcept = default;
  pattern_names(std::string_view user, std::string_view client_id) noexcept
      : user_{user},
        client_id_{client_id},
        is_user_usable_{is_usable_in_pattern(user)},
        is_client_usable_{is_usable_in_pattern(client_id)} {}

  /// What stands for "%u" or "%c"; nothing: a name that cannot be put in.
  [[nodiscard]] std::optional<std::string_view> find(char letter) const noexcept {
    if (letter == 'u') return is_user_usable_ ? std::optional{user_} : std::nullopt;
    return is_client_usable_ ? std::optional{client_id_} : std::nullopt;
  }

 private:
  std::string_view user_;
  std::string_view client_id_;
  bool is_user_usable_ = false;
  bool is_client_usable_ = false;
};

/// A topic filter of a rule, in which "%u" may stand for the user name and "%c" for the client id.
///
/// A name is put in literally: it never becomes a wildcard, a separator or a part of "$SYS". A name
/// that could (it is empty, begins with '$', or holds '+', '#', '/' or NUL) is unusable: then no
/// topic fits the level it stands in, or every one, as `unusable` says.
class topic_pattern {
 public:
  enum class placeholders : std::uint8_t { substituted, literal };
  /// Error: what is wrong with the text, for people.
  [[nodiscard]] static base::result<topic_pattern, std::string> parse(std::string_view text,
                                                                      placeholders how);

  /// What a level with an unusable name fits: for rules that allow nothing, for rules that deny
  /// everything.
  enum class unusable : std::uint8_t { fits_nothing, fits_everything };
  /// Does the pattern match this topic name? No allocation.
  [[nodiscard]] bool matches(std::string_view topic, const pattern_names& names,
                             unusable how) const noexcept;
  /// Does it match every topic that this filter matches? The filter is without "$share/group/".
  [[nodiscard]] bool covers(std::string_view filter, const pattern_names& names,
                            unusable how) const noexcept;

  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Is there a placeholder in it?
  [[nodiscard]] bool has_names() const noexcept { return substitutes_; }

 private:
  std::string text_;
  bool substitutes_ = false;
};

}  // namespace godwit::auth
