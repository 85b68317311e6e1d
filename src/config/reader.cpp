#include "reader.hpp"

#include "check.hpp"
#include "documents.hpp"
#include "environment.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/nearest.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace godwit::config {

namespace {

constexpr std::size_t listeners_max = 64;

std::string join(std::string_view prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : std::string(prefix) + "." + std::string(name);
}

/// A value as text; a list as its entries with commas between them. Nothing: it has another form.
std::optional<std::string> text_of(const YAML::Node& node, bool may_be_list) {
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

template <class Target>
std::string unknown(const std::string& name, std::string_view section, const key_tree<Target>& tree,
                    std::string_view shown) {
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

}  // namespace

reader::reader(std::string_view name) {
  out_.sources.front() = name;
}

void reader::read(std::string_view yaml) {
  out_.files = 1;
  read_document(yaml);
}

void reader::read_included(std::string_view name, std::string_view yaml) {
  source_ = out_.add_source(name);
  out_.files = source_ + 1;
  read_document(yaml);
}

void reader::fail_included(std::string_view name, std::string what) {
  blame({0, 0, out_.add_source(name)}, std::move(what));
}

void reader::fail(std::string what) {
  is_yaml_ = false;
  blame({}, std::move(what));
}

void reader::fail_include(std::string what) {
  blame(out_.origins["include"], "include: " + what);
}

loaded reader::finish() {
  out_.value.include.clear();
  if (is_yaml_) {
    check_listeners(out_);
    check_rights(out_);
    check_tls(out_);
  }
  std::ranges::stable_sort(out_.mistakes, [](const mistake& a, const mistake& b) {
    return std::tie(a.where.source, a.where.line, a.where.column) <
           std::tie(b.where.source, b.where.line, b.where.column);
  });
  return std::move(out_);
}

void reader::blame(position where, std::string what) {
  out_.mistakes.push_back({where, std::move(what)});
}

position reader::position_of(const YAML::Mark& mark) const {
  if (mark.is_null()) return {0, 0, source_};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1,
          source_};
}

std::string reader::given_twice(const position& first) const {
  std::string out = ": given twice; first in ";
  if (first.source != source_)
    return out + base::escape_for_log(out_.name_of(first), 200) + ":" + std::to_string(first.line);
  return out + "line " + std::to_string(first.line);
}

void reader::read_document(std::string_view yaml) {
  try {
    const std::string text(yaml);
    if (auto second = find_second_document(text)) {
      second->source = source_;
      is_yaml_ = false;
      blame(*second, "a configuration is one document; what starts here is not part of it");
      return;
    }
    const YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return;
    if (root.IsMap()) {
      read_section(root, "", broker_, out_.value, "");
    } else {
      blame(position_of(root.Mark()), "the file is not a list of keys, such as \"shards: 2\"");
    }
  } catch (const YAML::Exception& e) {
    is_yaml_ = false;
    blame(position_of(e.mark), "this is not YAML: " + base::escape_for_log(e.msg));
  }
}

/// `shown` stands before the path in messages: "listeners[0]" or nothing.
template <class Target>
void reader::read_section(const YAML::Node& map, std::string_view section,
                          const key_tree<Target>& tree, Target& target, std::string_view shown) {
  std::map<std::string, position> seen;
  for (const auto& entry : map) {
    const position where = position_of(entry.first.Mark());
    if (!entry.first.IsScalar()) {
      blame(where, "a key must be a plain word");
      continue;
    }
    const std::string& name = entry.first.Scalar();
    const std::string path = join(section, name);
    if (const auto [first, fresh] = seen.emplace(name, where); !fresh) {
      blame(where, join(shown, base::escape_for_log(path)) + given_twice(first->second));
      continue;
    }
    if (name.find('.') != std::string::npos) {
      blame(where, unknown(name, section, tree, shown));
      continue;
    }
    const auto [first, fresh] = out_.origins.emplace(join(shown, path), where);
    if (const key<Target>* k = tree.find(path)) {
      if (!fresh) {
        blame(where, join(shown, path) + given_twice(first->second));
      } else if (shown.empty() && path == "include" && source_ != 0) {
        blame(where, "include: only the first file can include others");
      } else {
        read_value(entry.second, *k, where, target, shown);
      }
    } else if (tree.is_section(path)) {
      read_subsection(entry.second, path, tree, where, target, shown);
    } else if (shown.empty() && path == "listeners") {
      read_listeners(entry.second, where);
    } else {
      blame(where, unknown(name, section, tree, shown));
    }
  }
}

template <class Target>
void reader::read_subsection(const YAML::Node& node, const std::string& path,
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
void reader::read_value(const YAML::Node& node, const key<Target>& k, position where,
                        Target& target, std::string_view shown) {
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

void reader::read_listeners(const YAML::Node& node, position where) {
  if (!node.IsSequence() || node.size() == 0) {
    blame(where, "listeners: is not a list with at least one entry, such as \"- port: 1883\"");
    return;
  }
  std::vector<listener>& all = out_.value.listeners;
  if (!std::exchange(has_listeners_, true)) all.clear();
  if (all.size() + node.size() > listeners_max) {
    blame(where, "listeners: has more than " + std::to_string(listeners_max) + " entries");
    return;
  }
  for (const YAML::Node& entry : node) {
    const std::string shown = "listeners[" + std::to_string(all.size()) + "]";
    const position at = position_of(entry.Mark());
    out_.origins.emplace(shown, at.line == 0 ? where : at);
    if (entry.IsMap()) {
      listener l;
      read_section(entry, "", listener_, l, shown);
      all.push_back(std::move(l));
    } else {
      all.emplace_back();
      blame(out_.origins[shown], shown + ": is not a listener, such as \"- port: 1883\"");
    }
  }
}

template <class Target>
void reader::override_key(const key<Target>& k, const variable& given, Target& target,
                          const std::string& shown) {
  const std::string path = join(shown, k.path);
  const position where{0, 0, out_.add_source(given.name)};
  if (const complaint wrong = k.set(target, given.value)) {
    blame(where, path + ": " + *wrong);
    return;
  }
  out_.origins[path] = where;
}

void reader::override_with(const std::vector<variable>& environment) {
  if (!is_yaml_) return;
  for (const variable& given : environment) {
    std::size_t found = 0;
    for (const key<configuration>& k : broker_.all()) {
      if (!k.is_secret || variable_of(k.path) != given.name) continue;
      override_key(k, given, out_.value, {});
      ++found;
    }
    for (std::size_t i = 0; i < out_.value.listeners.size(); ++i) {
      listener& l = out_.value.listeners[i];
      for (const key<listener>& k : listener_.all()) {
        if (!k.is_secret || variable_of(l.options.name, k.path) != given.name) continue;
        override_key(k, given, l, "listeners[" + std::to_string(i) + "]");
        ++found;
      }
    }
    if (found == 1 || (found == 0 && !is_meant_for_a_key(given.name))) continue;
    blame({0, 0, out_.add_source(given.name)},
          found == 0 ? "there is no such key that the environment may give; docs/configuration.md "
                       "lists them, and a listener's name is part of its variable"
                     : "this is the variable of two listeners; rename one of them");
  }
}

}  // namespace godwit::config
