#include "load_tls.hpp"

#include <string>
#include <utility>

namespace godwit::daemon {

net::tls_set load_tls(config::loaded& file, const net::ticket_keys& keys) {
  net::tls_set out;
  if (!file.mistakes.empty()) return out;
  for (std::size_t i = 0; i < file.value.listeners.size(); ++i) {
    const net::listener_options& o = file.value.listeners[i].options;
    if (!o.tls.is_on()) continue;
    auto loaded = net::tls_context::load(o.tls, o.name, keys);
    if (loaded) {
      out.entries.push_back({o.name, std::move(*loaded)});
      continue;
    }
    const std::string key = "listeners[" + std::to_string(i) + "]." + loaded.error().key;
    const auto where = file.origins.find(key);
    file.mistakes.push_back({where == file.origins.end() ? config::position{} : where->second,
                             key + ": " + loaded.error().what});
  }
  return out;
}

}  // namespace godwit::daemon
