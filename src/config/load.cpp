#include "check.hpp"
#include "documents.hpp"
#include "schema.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/load.hpp>
#include <godwit/config/nearest.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace godwit::config {

namespace {

constexpr std::size_t listeners_max = 64;

position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

std::string join(std::string_view prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : std::string(prefix) + "." + std::string(name);
}

/// The keys of one target as a tree of sections: which names stand directly under a section.
template <class Target>
class key_tree {
 public:
  explicit key_tree(std::vector<key<Target>> keys) : keys_(std::move(keys)) {}

  [[nodiscard]] const key<Target>* find(std::string_view path) const {
    const auto it = std::ranges::find(keys_, path, &key<Target>::path);
    return it == keys_.end() ? nullptr : &*it;
  }
  [[nodiscard]] bool is_section(std::string_view path) const {
    return std::ranges::any_of(keys_, [&](const key<Target>& k) {
      return k.path.starts_with(path) && k.path.substr(path.size()).starts_with('.');
    });
  }
  [[nodiscard]] std::vector<std::string_view> names_in(std::string_view section) const {
    std::vector<std::string_view> names;
    for (const key<Target>& k : keys_) {
      std::string_view rest = k.path;
      if (!section.empty()) {
        if (!rest.starts_with(section) || !rest.substr(section.size()).starts_with('.')) continue;
        rest.remove_prefix(section.size() + 1);
      }
      const std::string_view name = rest.substr(0, rest.find('.'));
      if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    }
    return names;
  }
  /// Full paths of keys with this last name.
  [[nodiscard]] std::vector<std::string_view> paths_to(std::string_view name) const {
    std::vector<std::string_view> paths;
    for (const key<Target>& k : keys_) {
      if (leaf(k.path) == name) paths.push_back(k.path);
    }
    return paths;
  }

 private:
  std::vector<key<Target>> keys_;
};

class reader {
 public:
  loaded read(const YAML::Node& root) {
    if (!root.IsNull()) {
      if (root.IsMap()) {
        read_section(root, "", broker_, out_.value, "");
      } else {
        blame(position_of(root.Mark()), "the file is not a list of keys, such as \"shards: 2\"");
      }
    }
    check_listeners(out_);
    check_rights(out_);
    check_tls(out_);
    return std::move(out_);
  }

 private:
  void blame(position where, std::string what) {
    out_.mistakes.push_back({where, std::move(what)});
  }

  /// `shown` stands before the path in messages: "listeners[0]" or nothing.
  template <class Target>
  void read_section(const YAML::Node& map, std::string_view section, const key_tree<Target>& tree,
                    Target& target, std::string_view shown) {
    std::map<std::string, position> seen;
    for (const auto& entry : map) {
      const position where = position_of(entry.first.Mark());
      if (!entry.first.IsScalar()) {
        blame(where, "a key must be a plain word");
        continue;
      }
      const std::string& name = entry.first.Scalar();
      const std::string path = join(section, name);
      const bool dotted = name.find('.') != std::string::npos;
      if (const auto [first, fresh] = seen.emplace(name, where); !fresh) {
        blame(where, join(shown, base::escape_for_log(path)) + ": given twice; first in line " +
                         std::to_string(first->second.line));
        continue;
      }
      out_.origins.emplace(join(shown, path), where);
      if (const key<Target>* k = dotted ? nullptr : tree.find(path)) {
        read_value(entry.second, *k, where, target, shown);
      } else if (!dotted && tree.is_section(path)) {
        read_subsection(entry.second, path, tree, where, target, shown);
      } else if (shown.empty() && path == "listeners") {
        read_listeners(entry.second, where);
      } else {
        blame(where, unknown(name, section, tree, shown));
      }
    }
  }

  template <class Target>
  void read_subsection(const YAML::Node& node, const std::string& path,
                       const key_tree<Target>& tree, position where, Target& target,
                       std::string_view shown) {
    if (node.IsMap()) {
      read_section(node, path, tree, target, shown);
    } else if (!node.IsNull()) {  // A section whose keys are all commented out is fine.
      blame(where, join(shown, path) + ": holds keys, such as " +
                       std::string(tree.names_in(path).front()) + ", not a value of its own");
    }
  }

  template <class Target>
  void read_value(const YAML::Node& node, const key<Target>& k, position where, Target& target,
                  std::string_view shown) {
    const std::string path = join(shown, k.path);
    const auto text = text_of(node, k.kind.starts_with("list of "));
    if (node.IsNull()) {
      blame(where, path + ": has no value; its default is " + k.usual);
    } else if (!text) {
      blame(where, path + ": takes one value (" + k.kind + "), such as " + k.usual);
    } else if (const complaint wrong = k.set(target, *text)) {
      const position value = position_of(node.Mark());
      blame(value.line == 0 ? where : value, path + ": " + *wrong);
    }
  }

  /// A value as text; a list as its entries with commas between them. Nothing: it has another form.
  static std::optional<std::string> text_of(const YAML::Node& node, bool may_be_list) {
    if (node.IsScalar()) return node.Scalar();
    if (!may_be_list || !node.IsSequence() || node.size() == 0) return std::nullopt;
    std::string out;
    for (const YAML::Node& entry : node) {
      if (!entry.IsScalar() || entry.Scalar().find(',') != std::string::npos) return std::nullopt;
      if (!out.empty()) out += ',';
      out += entry.Scalar();
    }
    return out;
  }

  void read_listeners(const YAML::Node& node, position where) {
    if (!node.IsSequence() || node.size() == 0) {
      blame(where, "listeners: is not a list with at least one entry, such as \"- port: 1883\"");
      return;
    }
    if (node.size() > listeners_max) {
      blame(where, "listeners: has more than " + std::to_string(listeners_max) + " entries");
      return;
    }
    out_.value.listeners.clear();
    for (std::size_t i = 0; i < node.size(); ++i) {
      const YAML::Node entry = node[i];
      const std::string shown = "listeners[" + std::to_string(i) + "]";
      const position at = position_of(entry.Mark());
      out_.origins.emplace(shown, at.line == 0 ? where : at);
      out_.value.listeners.emplace_back();
      if (entry.IsMap()) {
        read_section(entry, "", listener_, out_.value.listeners.back(), shown);
      } else {
        blame(out_.origins[shown], shown + ": is not a listener, such as \"- port: 1883\"");
      }
    }
  }

  template <class Target>
  static std::string unknown(const std::string& name, std::string_view section,
                             const key_tree<Target>& tree, std::string_view shown) {
    std::string what =
        join(shown, join(section, base::escape_for_log(name, 60))) + ": there is no such key";
    auto here = tree.names_in(section);
    if (shown.empty() && section.empty()) here.push_back("listeners");
    if (name.find('.') != std::string::npos) {
      return what + "; write one level per line, each indented below the one before";
    }
    if (const auto like = nearest(name, here)) {
      return what + "; did you mean " + quoted(*like) + "?";
    }
    if (const auto elsewhere = tree.paths_to(name); !elsewhere.empty()) {
      return what + " here; did you mean " + quoted(elsewhere.front()) + "?";
    }
    return what + "; keys here are " + list_words(here, ", ", " and ");
  }

  loaded out_;
  key_tree<configuration> broker_{broker_keys()};
  key_tree<listener> listener_{listener_keys()};
};

loaded failed(position where, std::string what) {
  loaded out;
  out.mistakes.push_back({where, std::move(what)});
  return out;
}

}  // namespace

loaded load_text(std::string_view yaml) {
  try {
    const std::string text(yaml);
    if (const auto second = find_second_document(text)) {
      return failed(*second, "a configuration is one document; what starts here is not part of it");
    }
    loaded out = reader{}.read(YAML::Load(text));
    std::ranges::stable_sort(out.mistakes, [](const mistake& a, const mistake& b) {
      return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
    });
    return out;
  } catch (const YAML::Exception& e) {
    return failed(position_of(e.mark), "this is not YAML: " + base::escape_for_log(e.msg));
  }
}

loaded load_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return failed({},
                  "cannot be opened: " + std::error_code(errno, std::generic_category()).message());
  }
  std::string text(file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return failed({}, "cannot be read");
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > file_bytes_max) {
    return failed({}, "is longer than " + show_size(file_bytes_max) + ", the most that is read");
  }
  return load_text(text);
}

std::string describe(const mistake& m, std::string_view path) {
  std::string out(path);
  if (m.where.line > 0) {
    out += ":" + std::to_string(m.where.line) + ":" + std::to_string(m.where.column);
  }
  return out + ": " + m.what;
}

}  // namespace godwit::config
