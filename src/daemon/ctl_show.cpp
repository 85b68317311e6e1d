#include "ctl_show.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/mqtt/utf8.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace godwit::daemon {

namespace {

namespace json = boost::json;

constexpr std::size_t cell_bytes_max = 200;

bool is_harmless(std::string_view text) {
  return mqtt::is_valid_utf8(text) && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte < 0x20 || byte == 0x7f;
         });
}

std::string cell(const json::value& v) {
  if (v.is_string()) {
    const std::string_view text{v.get_string().data(), v.get_string().size()};
    // C1 controls begin with the byte C2 and 80 to 9F in UTF-8.
    const bool has_c1 = [&] {
      for (std::size_t i = 0; i + 1 < text.size(); ++i) {
        const auto next = static_cast<unsigned char>(text[i + 1]);
        if (static_cast<unsigned char>(text[i]) == 0xc2 && next >= 0x80 && next < 0xa0) return true;
      }
      return false;
    }();
    if (text.size() <= cell_bytes_max && is_harmless(text) && !has_c1) return std::string{text};
    return base::escape_for_log(text, cell_bytes_max);
  }
  if (v.is_bool()) return v.get_bool() ? "yes" : "no";
  if (v.is_double()) {
    std::array<char, 32> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), v.get_double(),
                                   std::chars_format::fixed, 1);
    return {digits.data(), end.ptr};
  }
  return json::serialize(v);
}

/// Of a terminal that shows one column a character.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

void pad(std::string& to, std::string_view text, std::size_t width) {
  to += text;
  const std::size_t has = width_of(text);
  if (has < width) to.append(width - has, ' ');
}

std::vector<std::string> split(std::string_view columns) {
  std::vector<std::string> out;
  while (!columns.empty()) {
    const auto comma = columns.find(',');
    out.emplace_back(columns.substr(0, comma));
    columns = comma == std::string_view::npos ? std::string_view{} : columns.substr(comma + 1);
  }
  return out;
}

std::string columns_of(const json::object& first) {
  std::string out;
  for (const auto& member : first) {
    out += (out.empty() ? "" : ",") + std::string{member.key()};
  }
  return out;
}

}  // namespace

std::string show_table(const std::vector<json::object>& rows, std::string_view columns) {
  if (rows.empty()) return {};
  std::vector<std::string> names = split(columns);
  std::erase_if(names, [&](const std::string& n) {
    return std::ranges::none_of(rows, [&](const json::object& row) { return row.contains(n); });
  });
  std::vector<std::vector<std::string>> cells{names};
  for (const json::object& row : rows) {
    std::vector<std::string>& line = cells.emplace_back();
    for (const std::string& name : names) {
      const json::value* const v = row.if_contains(name);
      line.push_back(v == nullptr ? "-" : cell(*v));
    }
  }
  std::vector<std::size_t> widths(names.size());
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], width_of(line[i]));
    }
  }
  std::string out;
  for (const auto& line : cells) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      pad(out, line[i], i + 1 == line.size() ? 0 : widths[i] + 2);
    }
    out += '\n';
  }
  return out;
}

std::string show_lines(const json::object& o, std::size_t indent) {
  constexpr std::size_t name_width = 22;
  const std::string in(indent, ' ');
  std::string out;
  for (const auto& member : o) {
    const std::string name{member.key()};
    const json::value& v = member.value();
    if (v.is_object()) {
      if (!v.get_object().empty()) {
        out += in + name + "\n" + show_lines(v.get_object(), indent + 2);
      }
    } else if (v.is_array() && !v.get_array().empty() && v.get_array()[0].is_object()) {
      std::vector<json::object> rows;
      for (const json::value& row : v.get_array()) rows.push_back(row.get_object());
      out += in + name + "\n" + show_table(rows, columns_of(rows.front()));
    } else if (v.is_array()) {
      for (const json::value& one : v.get_array()) out += in + cell(one) + "\n";
    } else {
      out += in;
      pad(out, name, name_width);
      out += cell(v) + "\n";
    }
  }
  return out;
}

}  // namespace godwit::daemon
