#include "will_book.hpp"

#include <algorithm>
#include <charconv>

namespace godwit::kill_loop {

will_id will_book::new_will(std::string topic, std::uint8_t qos) {
  wills_.push_back({.topic = std::move(topic), .qos = qos});
  return wills_.size() - 1;
}

void will_book::on_stored(will_id w) {
  wills_[w].is_stored = true;
  ++stored_;
}

void will_book::on_cut(will_id w) {
  if (!wills_[w].is_stored) return;
  wills_[w].what = fate::cut;
  wills_[w].since = books_.now();
}

void will_book::on_disconnect_sent(will_id w) {
  wills_[w].what = fate::withdrawn;
  wills_[w].since = books_.now();
}

void will_book::on_succeeded(will_id w) {
  will& mine = wills_[w];
  const bool was_killed = books_.kills_since(mine.since) != 0;
  if (mine.what == fate::cut) mine.what = was_killed ? fate::open : fate::owed;
  if (mine.what == fate::withdrawn) mine.what = was_killed ? fate::open : fate::forbidden;
}

void will_book::on_wait(will_id w) {
  if (wills_[w].is_stored) wills_[w].what = fate::owed;
}

void will_book::on_arrival(session_index watcher, const arrival& a) {
  std::size_t number = 0;
  const char* end = a.payload.data() + a.payload.size();
  const auto [rest, error] = std::from_chars(a.payload.data() + 1, end, number);
  if (error != std::errc{} || rest != end || number >= wills_.size() ||
      wills_[number].topic != a.topic || wills_[number].qos != a.qos) {
    found_.add(finding::corrupted, books_.client_id(watcher) + " got a will that nobody left");
    return;
  }
  if (a.repeated) return;
  will& w = wills_[number];
  if (w.got.empty()) ++published_;
  // At QoS 1 it may come again, with DUP or after a kill; whether it was published twice is then
  // not to be seen.
  if (++w.got[watcher] > 1 && a.qos == 2) {
    found_.add(finding::will_twice, books_.client_id(watcher) + " got twice " + w.topic);
  }
}

bool will_book::is_awaited(will_id w) const {
  return wills_[w].what == fate::owed && !is_seen(wills_[w]);
}

std::size_t will_book::outstanding() const {
  std::size_t count = 0;
  for (will_id w = 0; w < wills_.size(); ++w) {
    if (is_awaited(w)) ++count;
  }
  return count;
}

void will_book::check() {
  for (will_id w = 0; w < wills_.size(); ++w) {
    will& mine = wills_[w];
    const std::string text = mine.topic + " " + payload_of(w) + " at QoS " +
                             std::to_string(mine.qos) + " (since " + std::to_string(mine.since) +
                             "), seen by " + std::to_string(mine.got.size()) + " of " +
                             std::to_string(watchers_.size());
    if (is_awaited(w)) found_.add(finding::will_lost, text);
    if (mine.what == fate::forbidden && !mine.got.empty()) {
      found_.add(finding::will_withdrawn, text);
    }
    if (!mine.got.empty() && !is_seen(mine)) {
      found_.add(finding::will_lost, "not at every watcher: " + text);
    }
    if (mine.what == fate::owed || mine.what == fate::forbidden) mine.what = fate::open;
  }
}

}  // namespace godwit::kill_loop
