#include "takeover_damper.hpp"

namespace godwit::broker {

bool takeover_damper::admits(std::string_view client_id, base::steady_time now) {
  if (options_.takeovers_max == 0) return true;
  make_room(now);
  window& its = windows_[base::seeded_hash(client_id, seed_)];
  if (its.ends <= now) its = {now + options_.window, 0};
  if (its.count >= options_.takeovers_max) return false;
  ++its.count;
  return true;
}

/// Looks through all of it only after as many takeovers as it has places. Who is forgotten early
/// may be taken over a few times more.
void takeover_damper::make_room(base::steady_time now) {
  if (windows_.size() < options_.clients_max) return;
  boost::unordered::erase_if(windows_, [now](const auto& w) { return w.second.ends <= now; });
  if (windows_.size() >= options_.clients_max / 2) windows_.clear();
}

}  // namespace godwit::broker
