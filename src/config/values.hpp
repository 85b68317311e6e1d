#pragma once

#include <godwit/base/assert.hpp>
#include <godwit/base/checked_cast.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The kinds of values a key can have. Each kind is a small struct with
///   kind()   what it is called in the documentation,
///   range()  which values are right, for the documentation and for messages; may be empty,
///   read(text, example, out)  sets `out` or says what is wrong and what would be right,
///   show(value)  the text that `read` turns into the same value.

namespace godwit::config {

/// What is wrong with a value and what would be right; nothing = it is right.
using complaint = std::optional<std::string>;

/// An integer with bounds; 0 may be right although it is below `min`, and means `zero` then.
struct bounds {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
  std::string_view zero = {};
};

/// `text` in quotes, escaped, cut to what fits a line.
[[nodiscard]] std::string quoted(std::string_view text);

/// Decimal digits and nothing else.
[[nodiscard]] std::optional<std::uint64_t> read_digits(std::string_view text) noexcept;
[[nodiscard]] complaint read_count(std::string_view text, const bounds& allowed,
                                   std::uint64_t& out);
[[nodiscard]] complaint read_size(std::string_view text, std::string_view example,
                                  const bounds& allowed, std::uint64_t& out);
/// `unit_ms` is what the value must be a multiple of; bounds and result are milliseconds.
[[nodiscard]] complaint read_duration(std::string_view text, std::string_view example,
                                      const bounds& allowed, std::uint64_t unit_ms,
                                      std::uint64_t& out);
[[nodiscard]] std::string show_size(std::uint64_t bytes);
[[nodiscard]] std::string show_duration(std::uint64_t ms);
/// "1 to 100; 0 = none"
[[nodiscard]] std::string show_bounds(const bounds& b, std::string (*show)(std::uint64_t));
[[nodiscard]] std::string show_number(std::uint64_t n);

/// A number of things.
struct count {
  bounds allowed;
  [[nodiscard]] std::string kind() const { return "number"; }
  [[nodiscard]] std::string range() const { return show_bounds(allowed, show_number); }
  template <class T>
  complaint read(std::string_view text, std::string_view, T& out) const {
    GODWIT_ASSERT(std::in_range<T>(allowed.max));
    std::uint64_t n = 0;
    if (auto wrong = read_count(text, allowed, n)) return wrong;
    out = base::checked_cast<T>(n);
    return std::nullopt;
  }
  template <class T>
  [[nodiscard]] std::string show(T value) const {
    return show_number(base::checked_cast<std::uint64_t>(value));
  }
};

/// The same, with a word for 0.
struct count_or_word {
  bounds allowed;
  std::string_view word;
  [[nodiscard]] std::string kind() const { return "number or " + std::string(word); }
  [[nodiscard]] std::string range() const { return show_bounds(allowed, show_number); }
  template <class T>
  complaint read(std::string_view text, std::string_view example, T& out) const {
    if (text == word) {
      out = 0;
      return std::nullopt;
    }
    auto wrong = count{allowed}.read(text, example, out);
    if (wrong) *wrong += ", or " + std::string(word);
    return wrong;
  }
  template <class T>
  [[nodiscard]] std::string show(T value) const {
    return value == 0 ? std::string(word) : show_number(base::checked_cast<std::uint64_t>(value));
  }
};

/// A number of bytes, written with a unit.
struct size {
  bounds allowed;
  [[nodiscard]] std::string kind() const { return "size"; }
  [[nodiscard]] std::string range() const { return show_bounds(allowed, show_size); }
  template <class T>
  complaint read(std::string_view text, std::string_view example, T& out) const {
    GODWIT_ASSERT(std::in_range<T>(allowed.max));
    std::uint64_t n = 0;
    if (auto wrong = read_size(text, example, allowed, n)) return wrong;
    out = base::checked_cast<T>(n);
    return std::nullopt;
  }
  template <class T>
  [[nodiscard]] std::string show(T value) const {
    return show_size(base::checked_cast<std::uint64_t>(value));
  }
};

/// The same, with a word for 0.
struct size_or_word {
  bounds allowed;
  std::string_view word;
  [[nodiscard]] std::string kind() const { return "size or " + std::string(word); }
  [[nodiscard]] std::string range() const { return show_bounds(allowed, show_size); }
  template <class T>
  complaint read(std::string_view text, std::string_view example, T& out) const {
    if (text == word) {
      out = 0;
      return std::nullopt;
    }
    auto wrong = size{allowed}.read(text, example == word ? "64MiB" : example, out);
    if (wrong) *wrong += ", or " + std::string(word);
    return wrong;
  }
  template <class T>
  [[nodiscard]] std::string show(T value) const {
    return value == 0 ? std::string(word) : show_size(base::checked_cast<std::uint64_t>(value));
  }
};

/// A time span, written with a unit. The member is a std::chrono duration, or an integer of
/// seconds. The bounds are milliseconds.
struct duration {
  bounds allowed;
  [[nodiscard]] std::string kind() const { return "duration"; }
  [[nodiscard]] std::string range() const { return show_bounds(allowed, show_duration); }
  template <class T>
  complaint read(std::string_view text, std::string_view example, T& out) const {
    GODWIT_ASSERT(allowed.max / unit_ms<T>() <= max_of<T>());
    std::uint64_t ms = 0;
    if (auto wrong = read_duration(text, example, allowed, unit_ms<T>(), ms)) return wrong;
    if constexpr (std::is_integral_v<T>) {
      out = base::checked_cast<T>(ms / unit_ms<T>());
    } else {
      out = T{base::checked_cast<typename T::rep>(ms / unit_ms<T>())};
    }
    return std::nullopt;
  }
  template <class T>
  [[nodiscard]] std::string show(T value) const {
    if constexpr (std::is_integral_v<T>) {
      return show_duration(std::uint64_t{value} * unit_ms<T>());
    } else {
      return show_duration(base::checked_cast<std::uint64_t>(value.count()) * unit_ms<T>());
    }
  }

 private:
  template <class T>
  static constexpr std::uint64_t unit_ms() {
    if constexpr (std::is_integral_v<T>) {
      return 1'000;
    } else {
      return base::checked_cast<std::uint64_t>(std::chrono::milliseconds(T{1}).count());
    }
  }
  template <class T>
  static constexpr std::uint64_t max_of() {
    if constexpr (std::is_integral_v<T>) {
      return std::numeric_limits<T>::max();
    } else {
      return base::checked_cast<std::uint64_t>(std::numeric_limits<typename T::rep>::max());
    }
  }
};

/// true or false.
struct truth {
  [[nodiscard]] std::string kind() const { return "true or false"; }
  [[nodiscard]] std::string range() const { return {}; }
  complaint read(std::string_view text, std::string_view example, bool& out) const;
  [[nodiscard]] std::string show(bool value) const { return value ? "true" : "false"; }
};

/// A plain number with a fraction, such as 1.5.
struct factor {
  double min = 0;
  double max = 0;
  [[nodiscard]] std::string kind() const { return "factor"; }
  [[nodiscard]] std::string range() const;
  complaint read(std::string_view text, std::string_view example, double& out) const;
  [[nodiscard]] std::string show(double value) const;
};

/// Any text that `right` accepts; `rule` says which.
struct free_text {
  std::string_view name;
  std::string_view rule;
  bool (*right)(std::string_view);
  [[nodiscard]] std::string kind() const { return std::string(name); }
  [[nodiscard]] std::string range() const { return std::string(rule); }
  complaint read(std::string_view value, std::string_view example, std::string& out) const;
  [[nodiscard]] std::string show(const std::string& value) const { return value; }
};

/// A word, or a full path; the member is empty for the word.
struct path_or_word {
  std::string_view word;
  std::string_view what;  ///< "a file", "a directory"
  [[nodiscard]] std::string kind() const { return std::string(word) + " or " + path(); }
  [[nodiscard]] std::string range() const { return {}; }
  complaint read(std::string_view text, std::string_view, std::string& out) const;
  [[nodiscard]] std::string show(const std::string& value) const {
    return value.empty() ? std::string(word) : value;
  }

 private:
  [[nodiscard]] std::string path() const { return std::string(what) + "'s full path"; }
};

/// A word, or a file that is read: its full path, or where else its text is. The member is empty
/// for the word. No message quotes the value, in case somebody has written the secret itself.
struct input_or_word {
  std::string_view word;
  [[nodiscard]] std::string kind() const { return std::string(word) + " or a file"; }
  [[nodiscard]] static std::string range() { return "its full path, credential:NAME or env:NAME"; }
  complaint read(std::string_view text, std::string_view, std::string& out) const;
  [[nodiscard]] std::string show(const std::string& value) const {
    return value.empty() ? std::string(word) : value;
  }
};

/// Several values, as a YAML list or with commas between them; each is one that `right` accepts.
struct text_list {
  std::string_view name;  ///< of all: "networks"
  std::string_view rule;
  std::string_view none;  ///< the word for an empty list
  bool (*right)(std::string_view);
  bool is_quoted = true;  ///< in messages: it is no secret
  [[nodiscard]] std::string kind() const { return "list of " + std::string(name); }
  [[nodiscard]] std::string range() const { return std::string(rule); }
  complaint read(std::string_view text, std::string_view, std::vector<std::string>& out) const;
  [[nodiscard]] std::string show(const std::vector<std::string>& values) const;
};
/// "a, b,c" -> "a" "b" "c", without the blanks around them.
[[nodiscard]] std::vector<std::string_view> split_list(std::string_view text);
/// Has no control characters.
[[nodiscard]] bool is_printable(std::string_view text);
[[nodiscard]] bool is_full_path(std::string_view text);
/// A full path, `credential:NAME` (a file of $CREDENTIALS_DIRECTORY), or `env:NAME` (a variable).
[[nodiscard]] bool is_input(std::string_view text);

/// One of a few words.
[[nodiscard]] std::string list_words(const std::vector<std::string_view>& words,
                                     std::string_view separator, std::string_view last);

template <class E>
struct choice {
  std::vector<std::pair<std::string_view, E>> words;
  [[nodiscard]] std::string kind() const { return list_words(names(), ", ", " or "); }
  [[nodiscard]] std::string range() const { return {}; }
  complaint read(std::string_view text, std::string_view, E& out) const {
    for (const auto& [word, value] : words) {
      if (word == text) {
        out = value;
        return std::nullopt;
      }
    }
    return quoted(text) + " is not one of " + list_words(names(), ", ", " and ");
  }
  [[nodiscard]] std::string show(E value) const {
    for (const auto& [word, known] : words) {
      if (known == value) return std::string(word);
    }
    GODWIT_ASSERT(false);
  }

 private:
  [[nodiscard]] std::vector<std::string_view> names() const {
    std::vector<std::string_view> all;
    for (const auto& [word, value] : words) all.push_back(word);
    return all;
  }
};

}  // namespace godwit::config
