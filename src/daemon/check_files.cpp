#include "check_files.hpp"

#include <godwit/net/boot_clock.hpp>
#include <godwit/net/tls_context.hpp>

#include <string>

namespace godwit::daemon {

void check_files(config::loaded& file) {
  if (!file.mistakes.empty()) return;
  const net::boot_clock clock;
  const net::ticket_keys keys{clock};
  for (std::size_t i = 0; i < file.value.listeners.size(); ++i) {
    const net::listener_options& o = file.value.listeners[i].options;
    if (!o.tls.is_on()) continue;
    const auto loaded = net::tls_context::load(o.tls, o.name, keys);
    if (loaded) continue;
    const std::string key = "listeners[" + std::to_string(i) + "]." + loaded.error().key;
    const auto where = file.origins.find(key);
    file.mistakes.push_back({where == file.origins.end() ? config::position{} : where->second,
                             key + ": " + loaded.error().what});
  }
}

}  // namespace godwit::daemon
