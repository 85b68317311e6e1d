#include "load_config.hpp"

#include <unistd.h>

#include <string_view>
#include <vector>

namespace godwit::daemon {

namespace {

std::vector<config::variable> godwit_variables() {
  std::vector<config::variable> out;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view text{*at};
    const auto equals = text.find('=');
    if (!text.starts_with("GODWIT_") || equals == std::string_view::npos) continue;
    out.push_back({std::string{text.substr(0, equals)}, std::string{text.substr(equals + 1)}});
  }
  return out;
}

}  // namespace

config::loaded load_config(const std::string& path) {
  return path.empty() ? config::load_text({}, {}, godwit_variables())
                      : config::load_file(path, godwit_variables());
}

}  // namespace godwit::daemon
