#include "environment.hpp"
#include "schema.hpp"

#include <godwit/config/render.hpp>

#include <algorithm>

namespace godwit::config {

namespace {

/// A scalar as YAML: in quotes when it could be taken for something else.
std::string scalar(const std::string& value) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  if (!value.empty() && value.find_first_not_of(plain) == std::string::npos) return value;
  std::string out = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string indent(std::size_t levels) {
  return std::string(2 * levels, ' ');
}

std::size_t depth_of(std::string_view path) {
  return path.empty() ? 0 : static_cast<std::size_t>(std::ranges::count(path, '.')) + 1;
}

std::string kind_and_range(const std::string& kind, const std::string& range) {
  return range.empty() ? kind : kind + ", " + range;
}

enum class explain : std::uint8_t { no, yes };

/// Opens the sections of `path` that are not open yet.
void open_sections(std::string& out, std::string_view path, std::string& open, explain how) {
  if (path == open || path.empty()) return;
  if (!open.starts_with(std::string(path) + '.')) {
    open_sections(out, parent(path), open, how);
    if (depth_of(path) == 1) out += '\n';
    if (how == explain::yes) {
      for (const section& s : sections()) {
        if (s.path == path) out += indent(depth_of(path) - 1) + "# " + std::string(s.doc) + '\n';
      }
    }
    out += indent(depth_of(path) - 1) + std::string(leaf(path)) + ":\n";
  }
  open = path;
}

/// The keys of a listener as one entry of a YAML list. `comment` says what stands behind a value.
template <class Comment>
void append_listener(std::string& out, const listener& l, explain how, Comment comment) {
  std::string_view dash = "  - ";
  std::string_view open;
  const auto all = listener_keys();
  for (const key<listener>& k : all) {
    const std::string_view in = parent(k.path);
    if (in != open && how == explain::yes) {
      for (const section& s : listener_sections()) {
        if (s.path == in) out += "    # " + std::string(s.doc) + '\n';
      }
    }
    if (in != open) out += "    " + std::string(in) + ":\n";
    open = in;
    const std::string deeper = indent(depth_of(in));
    if (how == explain::yes)
      out += (dash == "  - " ? "  # " : "    " + deeper + "# ") + k.doc + '\n';
    out += std::string(dash) + deeper + std::string(leaf(k.path)) + ": " + scalar(k.tell(l)) +
           comment(k) + '\n';
    dash = "    ";
  }
}

template <class Comment>
void append_keys(std::string& out, const configuration& c, explain how, Comment comment) {
  std::string open;
  for (const key<configuration>& k : broker_keys()) {
    open_sections(out, parent(k.path), open, how);
    const std::string in = indent(depth_of(k.path) - 1);
    if (how == explain::yes) out += in + "# " + k.doc + '\n';
    out += in + std::string(leaf(k.path)) + ": " + scalar(k.tell(c)) + comment(k) + '\n';
  }
}

void append_row(std::string& out, const std::string& path, const std::string& usual,
                const std::string& values, takes_effect when, const std::string& doc) {
  out += "| `" + path + "` | `" + usual + "` | " + values + " | " +
         (when == takes_effect::live ? "reload" : "restart") + " | " + doc + " |\n";
}

}  // namespace

std::string render_effective(const loaded& what) {
  const auto origin = [&](const std::string& full) {
    const auto it = what.origins.find(full);
    if (it == what.origins.end()) return std::string("  # default");
    const position& at = it->second;
    std::string out = "  # " + std::string(what.name_of(at));
    if (at.line != 0) out += ":" + std::to_string(at.line);
    return full == "include" ? out + ", and its files are part of this" : out;
  };
  std::string out = "listeners:\n";
  for (std::size_t i = 0; i < what.value.listeners.size(); ++i) {
    const std::string entry = "listeners[" + std::to_string(i) + "].";
    append_listener(out, what.value.listeners[i], explain::no,
                    [&](const key<listener>& k) { return origin(entry + k.path); });
  }
  append_keys(out, what.value, explain::no,
              [&](const key<configuration>& k) { return origin(k.path); });
  return out;
}

std::string render_reference_yaml() {
  const configuration usual;
  const auto values = [](const auto& k) {
    return "  # " + kind_and_range(k.kind, k.range) +
           (k.when == takes_effect::at_start ? "; restart" : "");
  };
  std::string out =
      "# Every key of Godwit's configuration with its default. A key that is left out has it, so "
      "a\n"
      "# configuration needs only what differs; without any, Godwit runs exactly like this.\n"
      "# Durations: ms s m h d. Sizes: B KiB MiB GiB TiB, or KB MB GB TB (powers of 1000).\n"
      "# A reload is enough for every key but those that say \"restart\".\n"
      "# `godwitd --check --config FILE` tells whether a file is right, `--print-effective` what "
      "it\n"
      "# amounts to.\n\n"
      "# Where clients connect.\n"
      "listeners:\n";
  append_listener(out, usual.listeners.front(), explain::yes, values);
  for (std::size_t i = 1; i < usual.listeners.size(); ++i) {
    append_listener(out, usual.listeners[i], explain::no, [](const auto&) { return ""; });
  }
  out += '\n';
  append_keys(out, usual, explain::yes, values);
  return out;
}

std::string render_reference_markdown() {
  std::string out = "| key | default | values | takes effect | meaning |\n|---|---|---|---|---|\n";
  for (const key<listener>& k : listener_keys()) {
    append_row(out, "listeners[]." + k.path, k.usual, kind_and_range(k.kind, k.range), k.when,
               k.is_secret ? k.doc + " Or `" + variable_of("NAME", k.path) + "`." : k.doc);
  }
  for (const key<configuration>& k : broker_keys()) {
    append_row(out, k.path, k.usual, kind_and_range(k.kind, k.range), k.when,
               k.is_secret ? k.doc + " Or `" + variable_of(k.path) + "`." : k.doc);
  }
  return out;
}

}  // namespace godwit::config
