#pragma once

#include "books.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace godwit::kill_loop {

using will_id = std::size_t;

/// The wills that clients left, and what became of them. Watchers are sessions that are subscribed
/// to all wills from before the first one.
class will_book {
 public:
  will_book(findings& found, const books& others) : found_{found}, books_{others} {}

  void add_watcher(session_index s) { watchers_.push_back(s); }

  /// A CONNECT with this will leaves. The payload is "w<number>".
  will_id new_will(std::string topic, std::uint8_t qos);
  [[nodiscard]] std::string payload_of(will_id w) const { return "w" + std::to_string(w); }
  /// CONNACK: it is stored.
  void on_stored(will_id w);
  /// Its connection was closed without DISCONNECT, by the client.
  void on_cut(will_id w);
  void on_disconnect_sent(will_id w);
  /// The client's next CONNACK came: whatever was to happen to the will has happened.
  void on_succeeded(will_id w);
  /// Its connection ended without DISCONNECT, and the client stays away until it has come.
  void on_wait(will_id w);

  [[nodiscard]] static bool is_will(std::string_view payload) { return payload.starts_with('w'); }
  void on_arrival(session_index watcher, const arrival& a);
  /// Must it come, and is it not everywhere yet?
  [[nodiscard]] bool is_awaited(will_id w) const;
  /// Wills that must come and have not come everywhere.
  [[nodiscard]] std::size_t outstanding() const;

  /// Everything has been published that ever will be.
  void check();
  [[nodiscard]] std::size_t stored() const { return stored_; }
  [[nodiscard]] std::size_t published() const { return published_; }

 private:
  enum class fate : std::uint8_t {
    open,       ///< its connection lives, or nothing certain can be said
    cut,        ///< must come, unless a kill and the client's return intervene
    withdrawn,  ///< must not come, unless a kill intervenes
    owed,       ///< must come
    forbidden,  ///< must not come
  };
  struct will {
    std::string topic;
    std::uint8_t qos = 1;
    bool is_stored = false;
    fate what = fate::open;
    stamp since = 0;
    std::map<session_index, unsigned> got{};
  };

  [[nodiscard]] bool is_seen(const will& w) const { return w.got.size() == watchers_.size(); }

  findings& found_;
  const books& books_;
  std::vector<session_index> watchers_;
  std::vector<will> wills_;
  std::size_t stored_ = 0;
  std::size_t published_ = 0;
};

}  // namespace godwit::kill_loop
