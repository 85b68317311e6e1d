#pragma once

#include "schema.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace godwit::config {

/// One entry of the table: `field` finds the member in a target, `kind` reads and shows its value.
template <class Target, class Kind, class Field>
key<Target> make(std::string_view path, Kind kind, Field field, std::string_view doc) {
  const auto read_from = [field](const Target& t) -> const auto& {
    return field(const_cast<Target&>(t));
  };
  key<Target> k;
  k.path = path;
  k.kind = kind.kind();
  k.range = kind.range();
  k.doc = doc;
  k.show = [kind, read_from](const Target& t) { return kind.show(read_from(t)); };
  k.usual = k.show(Target{});
  k.set = [kind, field, usual = k.usual](Target& t, std::string_view text) {
    return kind.read(text, usual, field(t));
  };
  k.copy = [field, read_from](Target& to, const Target& from) { field(to) = read_from(from); };
  return k;
}

/// The key is a secret or names one.
template <class Target>
key<Target> secret(key<Target> k) {
  k.is_secret = true;
  return k;
}

/// A reload says that the key has changed, and leaves it as it is.
template <class Target>
key<Target> at_start(key<Target> k) {
  k.when = takes_effect::at_start;
  return k;
}

/// A word, or any other printable text; the member is empty for the word.
struct text_or_word {
  std::string_view word;
  std::string_view what;
  std::string_view rule{};  ///< "1 to 256 bytes"
  bool is_quoted = true;    ///< in messages: it is no secret
  [[nodiscard]] std::string kind() const { return std::string(word) + " or " + std::string(what); }
  [[nodiscard]] std::string range() const { return std::string(rule); }
  complaint read(std::string_view text, std::string_view, std::string& out) const {
    constexpr std::size_t bytes_max = 256;
    if (text.empty() || text.size() > bytes_max || !is_printable(text)) {
      return (is_quoted ? quoted(text) : "the value") + " is neither " + std::string(word) +
             " nor " + std::string(what) + (rule.empty() ? "" : " of " + std::string(rule));
    }
    out = text == word ? std::string_view{} : text;
    return std::nullopt;
  }
  [[nodiscard]] std::string show(const std::string& value) const {
    return value.empty() ? std::string(word) : value;
  }
};

}  // namespace godwit::config
