#pragma once

#include "command_line.hpp"
#include "load_security.hpp"

#include <godwit/config/differences.hpp>
#include <godwit/config/load.hpp>
#include <godwit/net/tls_context.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace godwit::daemon {

/// What a reload would do, or has done.
struct reload_report {
  struct told_mistake {
    std::string path;
    config::mistake what;
  };
  std::vector<std::string> files;                ///< of the configuration, in their order
  std::vector<told_mistake> mistakes;            ///< with any of them nothing changes
  std::vector<config::difference> applied;       ///< while it runs
  std::vector<config::difference> need_restart;  ///< before: what runs, after: the file
  std::size_t tls_listeners = 0;                 ///< that took their certificates anew
};

struct running_broker {
  const config::loaded& file;  ///< with what reloads have changed
  std::size_t shards = 1;
};

/// The files as they are now, against what runs.
struct reload_plan {
  reload_report report;
  config::loaded fresh;  ///< the file
  config::loaded next;   ///< what runs, with what can change
  loaded_security security;
  net::tls_set tls;
};

/// Reads the configuration and the files that it names, and changes nothing.
[[nodiscard]] reload_plan plan_reload(const command_line& line, const running_broker& running,
                                      const net::ticket_keys& keys);

}  // namespace godwit::daemon
