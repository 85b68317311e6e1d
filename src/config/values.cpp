#include "values.hpp"

#include <godwit/base/escape.hpp>

#include <charconv>
#include <cmath>

namespace godwit::config {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<unit, 9> size_units{{{"B", 1},
                                          {"KiB", 1ULL << 10U},
                                          {"MiB", 1ULL << 20U},
                                          {"GiB", 1ULL << 30U},
                                          {"TiB", 1ULL << 40U},
                                          {"KB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000}}};
constexpr std::size_t binary_units = 5;
constexpr std::array<unit, 5> time_units{
    {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};

/// "16MiB" is 16 and "MiB"; one space between them is fine.
struct amount {
  std::uint64_t number;
  std::string_view unit;
};
std::optional<amount> read_amount(std::string_view text) {
  const auto digits = text.find_first_not_of("0123456789");
  const auto number = read_digits(text.substr(0, digits));
  if (!number) return std::nullopt;
  if (digits == std::string_view::npos) return amount{*number, {}};
  auto rest = text.substr(digits);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  return amount{*number, rest};
}

/// Number times unit, or what is wrong. `what` is "a size" or "a duration".
template <std::size_t N>
complaint read_with_unit(std::string_view text, std::string_view example, std::string_view what,
                         const std::array<unit, N>& units, std::uint64_t& out) {
  const auto a = read_amount(text);
  const std::string advice = "write a number with a unit, such as " + std::string(example);
  if (!a) return quoted(text) + " is not " + std::string(what) + "; " + advice;
  if (a->unit.empty() && a->number != 0) return quoted(text) + " has no unit; " + advice;
  if (a->number == 0 && a->unit.empty()) {
    out = 0;
    return std::nullopt;
  }
  for (const unit& u : units) {
    if (u.name != a->unit) continue;
    if (__builtin_mul_overflow(a->number, u.factor, &out)) return quoted(text) + " is too large";
    return std::nullopt;
  }
  std::string names;
  for (const unit& u : units) names += (names.empty() ? "" : ", ") + std::string(u.name);
  return quoted(text) + " has no unit that is known; units are " + names;
}

complaint check_bounds(std::string_view text, const bounds& b, std::uint64_t value,
                       std::string (*show)(std::uint64_t)) {
  if (value == 0 && !b.zero.empty()) return std::nullopt;
  if (value >= b.min && value <= b.max) return std::nullopt;
  return quoted(text) + " is out of range; right is " + show_bounds(b, show);
}

template <std::size_t N>
std::string show_with_unit(std::uint64_t value, const std::array<unit, N>& units,
                           std::size_t usable, std::string_view zero) {
  if (value == 0) return std::string(zero);
  std::size_t best = 0;
  for (std::size_t i = 0; i < usable; ++i) {
    if (value % units[i].factor == 0) best = i;
  }
  return std::to_string(value / units[best].factor) + std::string(units[best].name);
}

}  // namespace

std::string quoted(std::string_view text) {
  return "\"" + base::escape_for_log(text, 60) + "\"";
}

std::optional<std::uint64_t> read_digits(std::string_view text) noexcept {
  std::uint64_t n = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n);
  if (text.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return n;
}

complaint read_count(std::string_view text, const bounds& allowed, std::uint64_t& out) {
  const auto n = read_digits(text);
  if (!n) {
    return quoted(text) + " is not a whole number; right is " + show_bounds(allowed, show_number);
  }
  out = *n;
  return check_bounds(text, allowed, out, show_number);
}

complaint read_size(std::string_view text, std::string_view example, const bounds& allowed,
                    std::uint64_t& out) {
  if (auto wrong = read_with_unit(text, example, "a size", size_units, out)) return wrong;
  return check_bounds(text, allowed, out, show_size);
}

complaint read_duration(std::string_view text, std::string_view example, const bounds& allowed,
                        std::uint64_t unit_ms, std::uint64_t& out) {
  if (auto wrong = read_with_unit(text, example, "a duration", time_units, out)) return wrong;
  if (out % unit_ms != 0) return quoted(text) + " is not a whole number of seconds";
  return check_bounds(text, allowed, out, show_duration);
}

std::string show_size(std::uint64_t bytes) {
  return show_with_unit(bytes, size_units, binary_units, "0B");
}

std::string show_duration(std::uint64_t ms) {
  return show_with_unit(ms, time_units, time_units.size(), "0s");
}

std::string show_number(std::uint64_t n) {
  return std::to_string(n);
}

std::string show_bounds(const bounds& b, std::string (*show)(std::uint64_t)) {
  std::string out = show(b.min) + " to " + show(b.max);
  if (!b.zero.empty()) out += "; 0 = " + std::string(b.zero);
  return out;
}

complaint truth::read(std::string_view text, std::string_view, bool& out) const {
  if (text != "true" && text != "false") return quoted(text) + " is neither true nor false";
  out = text == "true";
  return std::nullopt;
}

std::string factor::range() const {
  return show(min) + " to " + show(max);
}

complaint factor::read(std::string_view text, std::string_view, double& out) const {
  double n = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, n, std::chars_format::fixed);
  if (text.empty() || error != std::errc{} || stop != end || !std::isfinite(n)) {
    return quoted(text) + " is not a number; right is " + range();
  }
  if (n < min || n > max) return quoted(text) + " is out of range; right is " + range();
  out = n;
  return std::nullopt;
}

std::string factor::show(double value) const {
  std::array<char, 32> digits{};
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  GODWIT_ASSERT(error == std::errc{});
  return {digits.data(), end};
}

complaint free_text::read(std::string_view value, std::string_view, std::string& out) const {
  if (!right(value)) {
    return quoted(value) + " is not " + std::string(name) + "; " + std::string(rule);
  }
  out = value;
  return std::nullopt;
}

complaint path_or_word::read(std::string_view text, std::string_view, std::string& out) const {
  if (text != word && !is_full_path(text)) {
    return quoted(text) + " is neither " + std::string(word) + " nor " + path();
  }
  out = text == word ? std::string_view{} : text;
  return std::nullopt;
}

complaint input_or_word::read(std::string_view text, std::string_view, std::string& out) const {
  if (text != word && !is_input(text)) {
    return "this is neither " + std::string(word) + " nor a file; right is " + range();
  }
  out = text == word ? std::string_view{} : text;
  return std::nullopt;
}

complaint text_list::read(std::string_view text, std::string_view,
                          std::vector<std::string>& out) const {
  out.clear();
  if (text == none) return std::nullopt;
  for (const std::string_view value : split_list(text)) {
    if (!right(value)) {
      return (is_quoted ? quoted(value) : "one of them") + " is wrong here; right is " +
             std::string(rule);
    }
    out.emplace_back(value);
  }
  return std::nullopt;
}

std::string text_list::show(const std::vector<std::string>& values) const {
  if (values.empty()) return std::string(none);
  return list_words({values.begin(), values.end()}, ", ", ", ");
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto comma = text.find(',');
    std::string_view value = text.substr(0, comma);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    value = value.substr(0, value.find_last_not_of(' ') + 1);
    out.push_back(value);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

bool is_printable(std::string_view text) {
  return std::ranges::none_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_full_path(std::string_view text) {
  constexpr std::size_t path_bytes_max = 4'095;
  return text.starts_with('/') && text.size() <= path_bytes_max && is_printable(text);
}

bool is_input(std::string_view text) {
  constexpr std::size_t name_bytes_max = 255;
  static constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
  constexpr std::string_view credential = "credential:";
  constexpr std::string_view variable = "env:";
  const auto is_name = [](std::string_view name, std::string_view more) {
    return !name.empty() && name.size() <= name_bytes_max &&
           std::ranges::all_of(name, [more](char c) {
             return letters.find(c) != std::string_view::npos ||
                    more.find(c) != std::string_view::npos;
           });
  };
  if (text.starts_with(credential)) {
    const std::string_view name = text.substr(credential.size());
    return !name.starts_with('.') && is_name(name, "0123456789.-");
  }
  if (text.starts_with(variable)) return is_name(text.substr(variable.size()), "0123456789");
  return is_full_path(text);
}

std::string list_words(const std::vector<std::string_view>& words, std::string_view separator,
                       std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? last : separator;
    out += words[i];
  }
  return out;
}

}  // namespace godwit::config
