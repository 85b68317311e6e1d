#pragma once

#include "schema.hpp"

#include <string>
#include <string_view>

namespace godwit::config {

/// One entry of the table: `field` finds the member in a target, `kind` reads and shows its value.
template <class Target, class Kind, class Field>
key<Target> make(std::string_view path, Kind kind, Field field, std::string_view doc) {
  const auto read_from = [field](const Target& t) -> const auto& {
    return field(const_cast<Target&>(t));
  };
  key<Target> k{std::string(path), kind.kind(), kind.range(), std::string(doc), {}, {}, {}};
  k.show = [kind, read_from](const Target& t) { return kind.show(read_from(t)); };
  k.usual = k.show(Target{});
  k.set = [kind, field, usual = k.usual](Target& t, std::string_view text) {
    return kind.read(text, usual, field(t));
  };
  return k;
}

}  // namespace godwit::config
