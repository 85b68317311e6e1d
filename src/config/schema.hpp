#pragma once

#include "values.hpp"

#include <godwit/config/configuration.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::config {

/// When a changed value counts: from a reload on, or from the next start.
enum class takes_effect : std::uint8_t { live, at_start };

/// One key of the configuration file: where its value goes, and everything people are told about
/// it.
template <class Target>
struct key {
  std::string path;   ///< "session.queue.bytes_max"; within its listener for a listener's key
  std::string kind;   ///< "size"
  std::string range;  ///< "1KiB to 1TiB; 0 = none", or empty
  std::string doc;    ///< one line
  std::string usual;  ///< the default as text
  std::function<complaint(Target&, std::string_view)> set;
  std::function<std::string(const Target&)> show;
  std::function<void(Target& to, const Target& from)> copy;
  takes_effect when = takes_effect::live;
  /// It is a secret or names one: the environment can give it, and no message quotes it.
  bool is_secret = false;
  /// What people may see of its value; nothing: all of it.
  std::string (*veil)(const std::string&) = nullptr;

  /// The value for people.
  [[nodiscard]] std::string tell(const Target& t) const {
    return veil == nullptr ? show(t) : veil(show(t));
  }
};

/// The keys of the file in the order in which people read them. Loader, suggestions, the rendered
/// forms and the documentation all follow this table: a new key is one entry in it.
[[nodiscard]] std::vector<key<configuration>> broker_keys();
/// Of these, `authentication` and `authorization`.
[[nodiscard]] std::vector<key<configuration>> login_keys();
/// The keys of one entry of `listeners`.
[[nodiscard]] std::vector<key<listener>> listener_keys();

/// What a section is for: "session.queue" -> one line.
struct section {
  std::string_view path;
  std::string_view doc;
};
[[nodiscard]] std::vector<section> sections();
/// The same within a listener.
[[nodiscard]] std::vector<section> listener_sections();

/// Last part of a path, and what stands before it ("" at the top).
[[nodiscard]] std::string_view leaf(std::string_view path) noexcept;
[[nodiscard]] std::string_view parent(std::string_view path) noexcept;

}  // namespace godwit::config
