#include "retained_book.hpp"

#include <algorithm>

namespace godwit::kill_loop {

void retained_book::on_sent(std::uint32_t topic, message_id m, bool clears) {
  entries_[topic].sent.push_back({m, clears});
}

void retained_book::on_acked(std::uint32_t topic, message_id m) {
  history& h = entries_[topic];
  if (!h.last_acked || *h.last_acked < m) h.last_acked = m;
}

std::map<std::uint32_t, retained_book::floor> retained_book::floors() const {
  std::map<std::uint32_t, floor> all;
  for (const auto& [topic, h] : entries_) all[topic] = {h.last_acked};
  return all;
}

bool retained_book::is_right(std::uint32_t topic, const floor& at_least,
                             std::optional<message_id> value) const {
  const auto& sent = entries_.at(topic).sent;
  if (!value && !at_least.last_acked) return true;
  return std::ranges::any_of(sent, [&](const entry& e) {
    if (at_least.last_acked && e.id < *at_least.last_acked) return false;
    return value ? !e.clears && e.id == *value : e.clears;
  });
}

void retained_book::forget_superseded() {
  for (auto& [topic, h] : entries_) {
    if (!h.last_acked) continue;
    std::erase_if(h.sent, [&](const entry& e) { return e.id < *h.last_acked; });
  }
}

bool retained_book::must_exist(std::uint32_t topic, const floor& at_least) const {
  return !is_right(topic, at_least, std::nullopt);
}

}  // namespace godwit::kill_loop
