#include <godwit/admin/exposition.hpp>
#include <godwit/observe/histogram.hpp>

#include <array>
#include <charconv>

namespace godwit::admin {
namespace {

std::string shortest(double value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

void append_escaped(std::string& to, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') to += '\\';
    if (c == '\n') {
      to += "\\n";
    } else {
      to += c;
    }
  }
}

}  // namespace

void exposition::head(std::string_view name, std::string_view type_name, std::string_view help) {
  name_ = name;
  text_ += "# HELP ";
  text_ += name;
  text_ += ' ';
  text_ += help;
  text_ += "\n# TYPE ";
  text_ += name;
  text_ += ' ';
  text_ += type_name;
  text_ += '\n';
}

void exposition::family(std::string_view name, type t, std::string_view help) {
  head(name, t == type::counter ? "counter" : "gauge", help);
}

void exposition::line(std::string_view suffix, std::string_view value,
                      std::initializer_list<label> labels) {
  text_ += name_;
  text_ += suffix;
  char before = '{';
  for (const auto& [key, text] : labels) {
    text_ += before;
    text_ += key;
    text_ += "=\"";
    append_escaped(text_, text);
    text_ += '"';
    before = ',';
  }
  if (labels.size() != 0) text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

void exposition::sample(std::uint64_t value, std::initializer_list<label> labels) {
  line("", std::to_string(value), labels);
}

void exposition::sample(std::int64_t value, std::initializer_list<label> labels) {
  line("", std::to_string(value), labels);
}

void exposition::sample(double value, std::initializer_list<label> labels) {
  line("", shortest(value), labels);
}

void exposition::durations(std::string_view name, std::string_view help,
                           const observe::histogram_totals& recorded) {
  constexpr double per_second = 1e6;
  head(name, "histogram", help);
  for (std::uint64_t decade = 100; decade <= 10'000'000; decade *= 10) {
    for (const std::uint64_t step : {decade, decade * 2, decade * 5}) {
      if (step > 10'000'000) break;
      line("_bucket", std::to_string(recorded.count_up_to(step)),
           {{"le", shortest(static_cast<double>(step) / per_second)}});
    }
  }
  line("_bucket", std::to_string(recorded.count()), {{"le", "+Inf"}});
  line("_sum", shortest(static_cast<double>(recorded.sum()) / per_second), {});
  line("_count", std::to_string(recorded.count()), {});
}

}  // namespace godwit::admin
