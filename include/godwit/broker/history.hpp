#pragma once

#include <godwit/base/clock.hpp>
#include <godwit/session/close_reason.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::broker {

/// A connection of a client that began or ended.
struct history_entry {
  enum class kind : std::uint8_t { connected, resumed, ended };
  std::string client_id;
  kind what{};
  session::close_cause cause{};  ///< of an end
  base::wall_time time{};
  std::string address;
};

/// The latest of them on one shard, whoever the clients are. One thread.
class connection_history {
 public:
  explicit connection_history(std::size_t entries_max) noexcept : entries_max_{entries_max} {}

  void set_entries_max(std::size_t entries_max) {
    entries_max_ = entries_max;
    while (entries_.size() > entries_max_) entries_.pop_front();
  }
  void add(history_entry e) {
    if (entries_max_ == 0) return;
    if (entries_.size() == entries_max_) entries_.pop_front();
    entries_.push_back(std::move(e));
  }
  /// Oldest first.
  [[nodiscard]] std::vector<history_entry> of(std::string_view client_id) const {
    std::vector<history_entry> out;
    for (const history_entry& e : entries_) {
      if (e.client_id == client_id) out.push_back(e);
    }
    return out;
  }

 private:
  std::size_t entries_max_;
  std::deque<history_entry> entries_;
};

}  // namespace godwit::broker
