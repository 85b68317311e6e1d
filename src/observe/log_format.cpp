#include <godwit/base/escape.hpp>
#include <godwit/observe/journal.hpp>
#include <godwit/observe/log.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <type_traits>

namespace godwit::observe {
namespace {

void append_padded(std::string& out, unsigned number, std::size_t width) {
  const std::string digits = std::to_string(number);
  out.append(width - std::min(width, digits.size()), '0');
  out += digits;
}

/// ISO 8601 in UTC with milliseconds.
void append_time(std::string& out, base::wall_time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  append_padded(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, static_cast<unsigned>(clock.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(clock.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<unsigned>(clock.seconds().count()), 2);
  out += '.';
  append_padded(out, static_cast<unsigned>(clock.subseconds().count()), 3);
  out += 'Z';
}

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// Quoted. A quotation mark is escaped; so is a backslash where the text is not already printable
/// ASCII by `escape_for_log`, that is, where JSON needs its own layer.
void append_quoted(std::string& out, std::string_view printable, std::string_view escaped) {
  out += '"';
  for (const char c : printable) {
    if (escaped.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  out += '"';
}

void append_value(std::string& out, const log_field::value_type& value, log_format format) {
  const auto append = [&]<class T>(T v) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      append_quoted(out, base::escape_for_log(v), format == log_format::json ? "\"\\" : "\"");
    } else if constexpr (std::is_same_v<T, bool>) {
      out += v ? "true" : "false";
    } else if constexpr (std::is_same_v<T, double>) {
      // JSON has no infinities and no NaN.
      if (std::isfinite(v) || format == log_format::text) {
        append_number(out, v);
      } else {
        out += "null";
      }
    } else {
      append_number(out, v);
    }
  };
  std::visit(append, value);
}

std::string_view journal_priority(log_level level) noexcept {
  switch (level) {
    case log_level::error:
      return "<3>";
    case log_level::warn:
      return "<4>";
    case log_level::info:
      return "<6>";
    case log_level::debug:
      return "<7>";
  }
  return {};
}

void append_assignment(std::string& out, std::string_view key, const log_field::value_type& value) {
  for (const char c : key) {
    const bool is_small = c >= 'a' && c <= 'z';
    out += is_small ? static_cast<char>(c - 'a' + 'A') : c;
  }
  out += '=';
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    out += base::escape_for_log(*text);
  } else {
    append_value(out, value, log_format::text);
  }
  out += '\n';
}

std::string format_text(const log_event& event, log_prefix prefix) {
  std::string line;
  line.reserve(160);
  if (prefix == log_prefix::journal) {
    line += journal_priority(event.level);
  } else {
    append_time(line, event.time);
    line += ' ';
    line += name(event.level);
    line += ' ';
  }
  line += event.event;
  for (const log_field& field : event.fields) {
    line += ' ';
    line += field.key;
    line += '=';
    append_value(line, field.value, log_format::text);
  }
  return line;
}

std::string format_json(const log_event& event) {
  std::string line;
  line.reserve(200);
  line += R"({"time":")";
  append_time(line, event.time);
  line += R"(","level":")";
  line += name(event.level);
  line += R"(","event":)";
  append_value(line, event.event, log_format::json);
  for (const log_field& field : event.fields) {
    line += ',';
    append_value(line, field.key, log_format::json);
    line += ':';
    append_value(line, field.value, log_format::json);
  }
  line += '}';
  return line;
}

}  // namespace

std::string format_log_line(const log_event& event, log_format format, log_prefix prefix) {
  return format == log_format::json ? format_json(event) : format_text(event, prefix);
}

std::string format_journal_entry(const log_event& event, log_format format) {
  const std::string_view priority = journal_priority(event.level);
  const std::string line = format_log_line(event, format, log_prefix::journal);
  std::string out = "PRIORITY=";
  out += priority.substr(1, 1);
  out += "\nMESSAGE=";
  out += std::string_view{line}.substr(format == log_format::text ? priority.size() : 0);
  out += "\nSYSLOG_IDENTIFIER=godwitd\n";
  append_assignment(out, "GODWIT_EVENT", event.event);
  for (const log_field& field : event.fields) {
    out += "GODWIT_";
    append_assignment(out, field.key, field.value);
  }
  return out;
}

}  // namespace godwit::observe
