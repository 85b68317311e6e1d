#include "documents.hpp"
#include "values.hpp"

#include <godwit/base/escape.hpp>
#include <godwit/config/nearest.hpp>
#include <godwit/config/rules.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <set>

namespace godwit::config {

namespace {

using auth::deed;
using auth::rule_options;

position position_of(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::size_t>(mark.line) + 1, static_cast<std::size_t>(mark.column) + 1};
}

constexpr std::uint8_t bit(deed d) {
  return static_cast<std::uint8_t>(d);
}
constexpr std::array<std::pair<std::string_view, std::uint8_t>, 7> deeds{{
    {"publish", bit(deed::publish)},
    {"retain", bit(deed::retain)},
    {"will", bit(deed::will)},
    {"subscribe", bit(deed::subscribe)},
    {"read", bit(deed::subscribe)},
    {"write", bit(deed::publish) | bit(deed::retain) | bit(deed::will)},
    {"all", auth::every_deed},
}};

struct list_key {
  std::string_view name;
  std::vector<std::string> rule_options::*member;
};
constexpr std::array<list_key, 9> lists{{
    {"user", &rule_options::users},
    {"group", &rule_options::groups},
    {"client", &rule_options::client_ids},
    {"listener", &rule_options::listeners},
    {"common_name", &rule_options::common_names},
    {"subject", &rule_options::subjects},
    {"alt_name", &rule_options::alt_names},
    {"address", &rule_options::addresses},
    {"topic", &rule_options::topics},
}};

std::vector<std::string_view> rule_keys() {
  std::vector<std::string_view> names{"allow", "deny", "qos", "anonymous"};
  for (const list_key& k : lists) names.push_back(k.name);
  return names;
}

class rule_reader {
 public:
  loaded_rules read(const YAML::Node& root, std::string_view name) {
    out_.value.name = name;
    if (root.IsNull()) return std::move(out_);
    if (!root.IsMap()) {
      blame(root, "a rule file has the keys \"rules\" and maybe \"groups\"");
      return std::move(out_);
    }
    for (const auto& [name_node, value] : entries(root, "")) {
      if (name_node.Scalar() == "rules") {
        read_rules(value);
      } else if (name_node.Scalar() == "groups") {
        read_groups(value);
      } else {
        blame(name_node,
              quoted(name_node.Scalar()) + ": there is no such key; keys are rules and groups");
      }
    }
    std::ranges::stable_sort(out_.mistakes, [](const mistake& a, const mistake& b) {
      return std::pair(a.where.line, a.where.column) < std::pair(b.where.line, b.where.column);
    });
    return std::move(out_);
  }

 private:
  void blame(const YAML::Node& at, std::string what) {
    out_.mistakes.push_back({position_of(at.Mark()), std::move(what)});
  }

  /// The entries of a map whose keys are plain words, each once.
  std::vector<std::pair<YAML::Node, YAML::Node>> entries(const YAML::Node& map,
                                                         const std::string& shown) {
    std::vector<std::pair<YAML::Node, YAML::Node>> out;
    std::set<std::string> seen;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar()) {
        blame(entry.first, shown + "a key must be a plain word");
      } else if (!seen.insert(entry.first.Scalar()).second) {
        blame(entry.first, shown + quoted(entry.first.Scalar()) + " is given twice");
      } else {
        out.emplace_back(entry.first, entry.second);
      }
    }
    return out;
  }

  /// One text, or a list of texts.
  std::vector<std::string> read_list(const YAML::Node& node, const std::string& shown) {
    std::vector<std::string> out;
    if (node.IsScalar()) {
      out.push_back(node.Scalar());
    } else if (node.IsSequence() && node.size() != 0) {
      for (const YAML::Node& e : node) {
        if (e.IsScalar()) {
          out.push_back(e.Scalar());
        } else {
          blame(e, shown + "takes texts");
        }
      }
    } else {
      blame(node, shown + "takes a text or a list of texts, not none");
    }
    return out;
  }

  void read_groups(const YAML::Node& node) {
    if (!node.IsMap()) {
      if (!node.IsNull()) blame(node, "groups: takes names with their users: \"admins: [ann]\"");
      return;
    }
    for (const auto& [name, users] : entries(node, "groups: ")) {
      auth::group_options g;
      g.name = name.Scalar();
      g.line = position_of(name.Mark()).line;
      if (!users.IsNull() && !(users.IsSequence() && users.size() == 0)) {
        g.users = read_list(users, "groups: " + quoted(g.name) + ": ");
      }
      out_.value.groups.push_back(std::move(g));
    }
  }

  void read_rules(const YAML::Node& node) {
    if (!node.IsSequence()) {
      if (!node.IsNull()) blame(node, "rules: is not a list, such as \"- allow: all\"");
      return;
    }
    for (const YAML::Node& entry : node) {
      if (entry.IsMap()) {
        read_rule(entry);
      } else {
        blame(entry, "a rule is a map, such as \"- allow: subscribe\" with \"topic: news/#\"");
      }
    }
  }

  void read_rule(const YAML::Node& node) {
    rule_options r;
    r.line = position_of(node.Mark()).line;
    std::size_t effects = 0;
    for (const auto& [name_node, value] : entries(node, "")) {
      const std::string& name = name_node.Scalar();
      const std::string shown = base::escape_for_log(name, 60) + ": ";
      const auto list = std::ranges::find(lists, name, &list_key::name);
      if (list != lists.end()) {
        r.*(list->member) = read_list(value, shown);
      } else if (name == "allow" || name == "deny") {
        ++effects;
        r.decides = name == "allow" ? auth::effect::allow : auth::effect::deny;
        r.deeds = read_deeds(value, shown);
      } else if (name == "qos") {
        read_quality(value, r);
      } else if (name == "anonymous") {
        if (!value.IsScalar() || value.Scalar() != "true") blame(value, "anonymous: takes true");
        r.anonymous_only = true;
      } else {
        const auto like = nearest(name, rule_keys());
        blame(name_node, shown + "there is no such key" +
                             (like ? "; did you mean " + quoted(*like) + "?"
                                   : "; keys are " + list_words(rule_keys(), ", ", " and ")));
      }
    }
    if (effects != 1) blame(node, "a rule has either \"allow\" or \"deny\"");
    out_.value.rules.push_back(std::move(r));
  }

  std::uint8_t read_deeds(const YAML::Node& node, const std::string& shown) {
    unsigned out = 0;
    for (const std::string& word : read_list(node, shown)) {
      const auto found = std::ranges::find(deeds, word, &decltype(deeds)::value_type::first);
      if (found != deeds.end()) {
        out |= found->second;
        continue;
      }
      std::vector<std::string_view> words;
      for (const auto& [known, bits] : deeds) words.push_back(known);
      blame(node, shown + quoted(word) + " is not one of " + list_words(words, ", ", " and "));
    }
    return static_cast<std::uint8_t>(out);
  }

  void read_quality(const YAML::Node& node, rule_options& r) {
    const std::string text = node.IsScalar() ? node.Scalar() : std::string{};
    if (text != "0" && text != "1" && text != "2") {
      blame(node, "qos: is the highest QoS that the rule allows: 0, 1 or 2");
      return;
    }
    r.quality_max = static_cast<mqtt::qos>(text[0] - '0');
  }

  loaded_rules out_;
};

loaded_rules failed(position where, std::string what) {
  loaded_rules out;
  out.mistakes.push_back({where, std::move(what)});
  return out;
}

}  // namespace

loaded_rules load_rules(std::string_view yaml, std::string_view name) {
  if (yaml.size() > rule_bytes_max) {
    return failed({}, "is longer than " + show_size(rule_bytes_max) + ", the most that is read");
  }
  try {
    const std::string text(yaml);
    if (const auto second = find_second_document(text)) {
      return failed(*second, "a rule file is one document; what starts here is not part of it");
    }
    return rule_reader{}.read(YAML::Load(text), name);
  } catch (const YAML::Exception& e) {
    return failed(position_of(e.mark), "this is not YAML: " + base::escape_for_log(e.msg));
  }
}

}  // namespace godwit::config
