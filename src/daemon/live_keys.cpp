#include "live_keys.hpp"

#include <algorithm>

namespace godwit::daemon {

std::vector<config::difference> take_live_keys(const config::configuration& fresh,
                                               config::configuration& running) {
  const config::configuration before = running;
  running.login = fresh.login;
  // The threads and what they share are made at the start.
  running.login.hash_threads = before.login.hash_threads;
  running.login.hash_queue_max = before.login.hash_queue_max;
  running.login.http_threads = before.login.http_threads;
  running.login.http_queue_max = before.login.http_queue_max;
  running.login.cache_entries = before.login.cache_entries;
  running.rights = fresh.rights;
  running.log.level = fresh.log.level;
  for (config::listener& l : running.listeners) {
    const auto same = std::ranges::find_if(fresh.listeners, [&l](const config::listener& other) {
      return other.options.name == l.options.name && other.options.bind == l.options.bind;
    });
    if (same != fresh.listeners.end()) l.authentication = same->authentication;
  }
  return config::differences(before, running);
}

}  // namespace godwit::daemon
