#pragma once

#include "key_tree.hpp"

#include <godwit/config/load.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace YAML {
class Node;
struct Mark;
}  // namespace YAML

namespace godwit::config {

/// Makes one configuration of the texts of several files, each key once over all of them, and of
/// what the environment gives. `listeners` of several files add up.
class reader {
 public:
  /// `name` is what people call the first file; empty: it has none.
  explicit reader(std::string_view name);

  /// The text of the first file.
  void read(std::string_view yaml);
  /// The text of one more.
  void read_included(std::string_view name, std::string_view yaml);
  /// One more that cannot be read.
  void fail_included(std::string_view name, std::string what);
  /// Something about the first file as a whole, or about its key `include`.
  void fail(std::string what);
  void fail_include(std::string what);
  /// The directory with further files, as the first file writes it; empty: none.
  [[nodiscard]] const std::string& include() const noexcept { return out_.value.include; }
  /// Variables whose names are those of keys that the environment may give (environment.cpp).
  void override_with(const std::vector<variable>& environment);

  /// Checks what the keys say together. Once, at the end.
  [[nodiscard]] loaded finish();

 private:
  void blame(position where, std::string what);
  [[nodiscard]] position position_of(const YAML::Mark& mark) const;
  [[nodiscard]] std::string given_twice(const position& first) const;
  void read_document(std::string_view yaml);

  template <class Target>
  void read_section(const YAML::Node& map, std::string_view section, const key_tree<Target>& tree,
                    Target& target, std::string_view shown);
  template <class Target>
  void read_subsection(const YAML::Node& node, const std::string& path,
                       const key_tree<Target>& tree, position where, Target& target,
                       std::string_view shown);
  template <class Target>
  void read_value(const YAML::Node& node, const key<Target>& k, position where, Target& target,
                  std::string_view shown);
  void read_listeners(const YAML::Node& node, position where);

  template <class Target>
  void override_key(const key<Target>& k, const variable& given, Target& target,
                    const std::string& shown);

  loaded out_;
  std::size_t source_ = 0;      ///< the one that is read
  bool has_listeners_ = false;  ///< some file names them, so the usual ones are gone
  bool is_yaml_ = true;         ///< what is not says too little to be judged as a whole
  key_tree<configuration> broker_{broker_keys()};
  key_tree<listener> listener_{listener_keys()};
};

}  // namespace godwit::config
