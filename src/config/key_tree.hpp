#pragma once

#include "schema.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::config {

/// The keys of one target as a tree of sections: which names stand directly under a section.
template <class Target>
class key_tree {
 public:
  explicit key_tree(std::vector<key<Target>> keys) : keys_(std::move(keys)) {}

  [[nodiscard]] const std::vector<key<Target>>& all() const noexcept { return keys_; }
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

}  // namespace godwit::config
