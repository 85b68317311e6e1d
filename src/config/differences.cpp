#include "schema.hpp"

#include <godwit/config/differences.hpp>

#include <algorithm>

namespace godwit::config {

namespace {

/// What of a listener is not as it usually is.
std::string text_of(const listener& l) {
  std::string out;
  for (const key<listener>& k : listener_keys()) {
    if (k.path == "name" || k.show(l) == k.usual) continue;
    out += (out.empty() ? "" : ", ") + k.path + " " + k.tell(l);
  }
  return out.empty() ? "as usual" : out;
}

template <class Listeners>
auto* find_listener(Listeners& all, std::string_view name) {
  const auto found =
      std::ranges::find_if(all, [name](const listener& l) { return l.options.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string key_of(const listener& l) {
  return "listeners[" + l.options.name + "]";
}

void add_listeners(std::vector<difference>& out, const configuration& before,
                   const configuration& after) {
  const auto keys = listener_keys();
  for (const listener& old : before.listeners) {
    const listener* const now = find_listener(after.listeners, old.options.name);
    if (now == nullptr) {
      out.push_back({key_of(old), text_of(old), "none"});
      continue;
    }
    for (const key<listener>& k : keys) {
      if (k.show(old) == k.show(*now)) continue;
      out.push_back({key_of(old) + "." + k.path, k.tell(old), k.tell(*now)});
    }
  }
  for (const listener& l : after.listeners) {
    if (find_listener(before.listeners, l.options.name) != nullptr) continue;
    out.push_back({key_of(l), "none", text_of(l)});
  }
}

void take_live_values(const listener& fresh, listener& running) {
  if (fresh.options.bind != running.options.bind) return;
  const bool has_tls = fresh.options.tls.is_on() && running.options.tls.is_on();
  for (const key<listener>& k : listener_keys()) {
    if (k.when != takes_effect::live || (!has_tls && k.path.starts_with("tls."))) continue;
    k.copy(running, fresh);
  }
}

}  // namespace

std::vector<difference> differences(const configuration& before, const configuration& after) {
  std::vector<difference> out;
  add_listeners(out, before, after);
  for (const key<configuration>& k : broker_keys()) {
    if (k.show(before) != k.show(after)) out.push_back({k.path, k.tell(before), k.tell(after)});
  }
  return out;
}

std::vector<difference> take_live_values(const configuration& fresh, configuration& running) {
  const configuration before = running;
  for (const key<configuration>& k : broker_keys()) {
    if (k.when == takes_effect::live) k.copy(running, fresh);
  }
  for (listener& l : running.listeners) {
    if (const listener* const same = find_listener(fresh.listeners, l.options.name)) {
      take_live_values(*same, l);
    }
  }
  return differences(before, running);
}

}  // namespace godwit::config
