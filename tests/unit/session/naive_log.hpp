#pragma once

#include "wire_log.hpp"

#include <algorithm>
#include <deque>
#include <set>
#include <string>
#include <vector>

namespace godwit::session::test {

/// What a message log has to do, said as plainly as possible: one list, looked through from the
/// front for everything.
struct naive_log {
  enum class at : std::uint8_t { queued, admitted, sent, received, released };
  struct item {
    std::uint64_t number = 0;
    qos_level q = q0;
    base::wall_time arrival{};
    bool is_shared = false;
    bool is_tentative = false;
    bool is_moving = false;
    bool in_window = false;
    bool is_handled = false;  ///< on this connection
    bool was_sent = false;
    bool has_body = true;
    bool is_fetched = false;
    at where = at::queued;
    std::uint16_t id = 0;
    batch_number waits;
    std::uint16_t stored_id = 0;
    bool stored_rec = false;
  };

  std::vector<item> items;
  std::vector<std::uint64_t> to_release;  ///< message numbers
  std::uint16_t last_id = 0;

  [[nodiscard]] std::size_t inflight() const {
    return static_cast<std::size_t>(
        std::count_if(items.begin(), items.end(), [](const item& i) { return i.id != 0; }));
  }
  /// What went out on this connection and is not complete.
  [[nodiscard]] std::size_t on_wire() const {
    return static_cast<std::size_t>(std::count_if(
        items.begin(), items.end(), [](const item& i) { return i.id != 0 && i.is_handled; }));
  }
  item* find(std::uint64_t number) {
    for (item& i : items) {
      if (i.number == number) return &i;
    }
    return nullptr;
  }
  item* find_id(std::uint16_t id) {
    for (item& i : items) {
      if (i.id == id && id != 0) return &i;
    }
    return nullptr;
  }
  void erase(std::uint64_t number) {
    std::erase_if(items, [&](const item& i) { return i.number == number; });
  }

  std::uint16_t next_id() {
    do {
      last_id = last_id == 65'535 ? std::uint16_t{1} : static_cast<std::uint16_t>(last_id + 1);
    } while (find_id(last_id) != nullptr);
    return last_id;
  }

  std::vector<std::string> pump(const message_log::pump_rules& rules, batch_number open,
                                std::uint64_t& expired) {
    std::vector<std::string> said;
    while (!to_release.empty()) {
      item* const i = find(to_release.front());
      if (i != nullptr && i->where == at::received) {
        if (!i->waits.is_covered_by(rules.durable)) break;
        said.push_back("rel #" + std::to_string(i->id));
        i->where = at::released;
      }
      to_release.erase(to_release.begin());
    }
    for (std::size_t n = 0; n < items.size();) {
      item& i = items[n];
      if (!i.in_window) {
        if (i.is_tentative || i.is_moving) break;
        if (i.arrival < rules.oldest) {
          ++expired;
          erase(i.number);
          continue;
        }
        if (i.q != q0) {
          if (inflight() >= rules.window || !i.has_body) break;
          i.id = i.stored_id = next_id();
          if (i.q == q2) i.waits = open;
        }
        i.in_window = true;
        i.where = at::admitted;
      }
      ++n;
    }
    for (std::size_t n = 0; n < items.size();) {
      item& i = items[n];
      if (!i.in_window) break;
      if (i.is_handled || i.is_moving) {
        ++n;
        continue;
      }
      if (i.id != 0 && on_wire() >= rules.window) break;
      if (i.where != at::released && !i.waits.is_covered_by(rules.durable)) break;
      if (i.where == at::received || i.where == at::released) {
        i.where = at::released;
        said.push_back("rel #" + std::to_string(i.id));
      } else if (!i.has_body) {
        break;
      } else {
        said.push_back("m" + std::to_string(i.number) + " q" +
                       std::to_string(static_cast<int>(i.q)) +
                       (i.id != 0 ? " #" + std::to_string(i.id) : "") + (i.was_sent ? " dup" : ""));
        if (i.q == q0) {
          erase(i.number);
          continue;
        }
        i.where = at::sent;
        i.was_sent = true;
      }
      i.is_handled = true;
      ++n;
    }
    return said;
  }
  [[nodiscard]] bool has_unsent() const {
    return std::any_of(items.begin(), items.end(), [](const item& i) {
      return !i.is_handled && !(i.is_moving && i.in_window);
    });
  }

  void resume() {
    for (item& i : items) i.is_handled = false;
    to_release.clear();
  }
  void suspend(std::uint64_t bodies_max) {
    std::erase_if(items, [](const item& i) { return i.q == q0; });
    for (item& i : items) {
      i.is_handled = false;
      if (i.is_fetched && is_queued(i) && held() > bodies_max) i.has_body = false;
    }
  }
  [[nodiscard]] static bool is_queued(const item& i) {
    return !i.in_window && !i.is_tentative && !i.is_moving;
  }
  /// Content bytes of bodies in memory; every message has 3.
  [[nodiscard]] std::uint64_t held() const {
    return 3 *
           static_cast<std::uint64_t>(std::count_if(
               items.begin(), items.end(), [](const item& i) { return i.q != q0 && i.has_body; }));
  }
  [[nodiscard]] bool needs_body(const item& i, const message_log::pump_rules& rules) const {
    if (i.has_body || i.is_moving) return false;
    return i.in_window ? i.where == at::sent : i.arrival >= rules.oldest;
  }
  /// Without whose bodies nothing goes on.
  [[nodiscard]] bool is_stuck(const message_log::pump_rules& rules) const {
    for (const item& i : items) {
      if (i.in_window && i.is_handled) continue;
      if (needs_body(i, rules)) return i.in_window || inflight() < rules.window;
      if (!i.in_window && !i.is_moving && !i.is_tentative && inflight() < rules.window)
        return false;
      if (!i.in_window) return false;
    }
    return false;
  }
  bool puback(std::uint16_t id) {
    item* const i = find_id(id);
    if (i == nullptr || i->q != q1 || i->where != at::sent) return false;
    erase(i->number);
    return true;
  }
  bool pubrec(std::uint16_t id, batch_number open) {
    item* const i = find_id(id);
    if (i == nullptr || i->q != q2 || i->where == at::admitted) return false;
    if (i->where == at::received) return true;
    if (i->where == at::sent) {
      i->waits = open;
      i->stored_rec = true;
    }
    i->where = at::received;
    to_release.push_back(i->number);
    return true;
  }
  bool pubcomp(std::uint16_t id) {
    item* const i = find_id(id);
    if (i == nullptr || i->where != at::released) return false;
    erase(i->number);
    return true;
  }
  std::uint64_t drop_oldest_unsent() {
    for (const item& i : items) {
      if (i.in_window || i.is_tentative || i.is_moving) continue;
      erase(i.number);
      return 1;
    }
    return 0;
  }
  std::uint64_t drop_older_than(base::wall_time oldest) {
    std::vector<std::uint64_t> old;
    for (const item& i : items) {
      if (i.in_window || i.is_tentative || i.is_moving) continue;
      if (i.arrival >= oldest) break;
      old.push_back(i.number);
    }
    for (const std::uint64_t number : old) erase(number);
    return old.size();
  }
  std::uint64_t take_share() {
    for (item& i : items) {
      if (!i.is_shared || i.is_tentative || i.is_moving) continue;
      if (i.q == q2 && i.was_sent) continue;
      if (!i.has_body) return 0;
      i.is_moving = true;
      i.id = 0;
      return i.number;
    }
    return 0;
  }
  void put_back(std::uint64_t number) {
    const item old = *find(number);
    if (!old.in_window) {
      find(number)->is_moving = false;
      return;
    }
    erase(number);
    items.push_back(
        {.number = number, .q = old.q, .arrival = old.arrival, .is_shared = true, .waits = {}});
  }
  /// As the store's records say, after a crash; the first `bodies` messages have theirs.
  void restore(std::size_t bodies) {
    to_release.clear();
    last_id = 0;
    std::erase_if(items, [](const item& i) { return i.q == q0 || i.is_tentative; });
    for (item& i : items) {
      i.id = i.stored_id;
      i.in_window = i.was_sent = i.id != 0;
      i.where = i.id == 0 ? at::queued : i.stored_rec ? at::released : at::sent;
      i.is_moving = i.is_handled = false;
      i.waits = {};
      i.has_body = static_cast<std::size_t>(&i - items.data()) < bodies;
      i.is_fetched = false;
      last_id = std::max(last_id, i.id);
    }
  }
};

}  // namespace godwit::session::test
