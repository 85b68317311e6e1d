#include "habits.hpp"

#include <utility>

namespace godwit::kill_loop {
namespace {

using bench::instant;
using std::chrono::milliseconds;
using link = device::link;
using existence = session_book::existence;

/// Deletes the session, by a CONNECT with clean session.
void farewell(device& d, bool is_open) {
  if (d.at() == link::up) {
    d.disconnect();
  } else if (d.at() == link::down && is_open && d.book().exists() != existence::no) {
    d.connect(clean_session::yes);
  }
}

/// What a client with a persistent session has in common.
class persistent_habit : public habit {
 public:
  void tick(device& d, instant now, season s, bool is_open) override {
    if (s == season::farewell) return farewell(d, is_open);
    const bool is_due = now >= next_;
    if (d.at() == link::down && is_open && (s == season::calm || (is_due && wants_up()))) {
      d.connect(clean_session::no);
    } else if (d.at() == link::up && s == season::load && is_due) {
      while_up(d, now);
    }
  }
  void on_up(device& d, instant now) override {
    next_ = now + d.luck().between(milliseconds{200}, milliseconds{2'000});
  }
  void on_down(device& d, instant now, departure) override {
    next_ = now + d.luck().between(milliseconds{0}, milliseconds{100});
  }
  bool is_at_rest(device& d) override { return d.at() == link::up && d.is_settled(); }

 protected:
  [[nodiscard]] virtual bool wants_up() const { return true; }
  virtual void while_up(device&, instant) {}

  instant next_{};
};

class coming_and_going final : public persistent_habit {
  void on_down(device& d, instant now, departure how) override {
    next_ = now + d.luck().between(milliseconds{0},
                                   milliseconds{how == departure::by_broker ? 100 : 1'500});
  }
  void while_up(device& d, instant) override { d.luck().chance(50) ? d.cut() : d.disconnect(); }
};

class staying_away final : public persistent_habit {
 public:
  void tick(device& d, instant now, season s, bool is_open) override {
    if (s == season::calm) has_left_ = false;
    persistent_habit::tick(d, now, s, is_open);
  }

 private:
  // Until then it comes back after every kill.
  [[nodiscard]] bool wants_up() const override { return !has_left_; }
  void while_up(device& d, instant) override {
    if (!d.is_settled()) return;
    has_left_ = true;
    d.disconnect();
  }

  bool has_left_ = false;
};

class making_and_deleting final : public persistent_habit {
 public:
  explicit making_and_deleting(std::vector<std::string> filters) : filters_{std::move(filters)} {}

  void tick(device& d, instant now, season s, bool is_open) override {
    if (s == season::farewell || is_deleting_) {
      farewell(d, is_open);
      is_deleting_ = d.book().exists() != existence::no || d.at() != link::down;
      return;
    }
    const bool is_new = d.book().exists() == existence::no && d.at() == link::down;
    if (is_new && s == season::calm) return;
    if (is_new) d.want(some(d));
    persistent_habit::tick(d, now, s, is_open);
  }
  bool is_at_rest(device& d) override {
    if (d.at() == link::down) return d.book().exists() == existence::no;
    return !is_deleting_ && persistent_habit::is_at_rest(d);
  }

 private:
  void while_up(device& d, instant now) override {
    next_ = now + d.luck().between(milliseconds{50}, milliseconds{500});
    switch (d.luck().below(5)) {
      case 0:
        is_deleting_ = true;
        return;
      case 1:
        return d.cut();
      case 2:
        return d.disconnect();
      default:
        return d.want(some(d));
    }
  }

  [[nodiscard]] std::vector<std::string> some(device& d) const {
    const std::size_t first = d.luck().below(filters_.size());
    const std::size_t second = d.luck().below(filters_.size());
    if (first == second) return {filters_[first]};
    return {filters_[first], filters_[second]};
  }

  std::vector<std::string> filters_;
  bool is_deleting_ = false;
};

class leaving_wills final : public habit {
 public:
  explicit leaving_wills(std::string topic) : topic_{std::move(topic)} {}

  void tick(device& d, instant now, season s, bool is_open) override {
    if (s == season::farewell) return farewell(d, is_open);
    if (is_waiting_ && !d.all().wills.is_awaited(*d.will())) is_waiting_ = false;
    if (d.at() == link::down && is_open && !is_waiting_ && (now >= next_ || s == season::calm)) {
      // Half of the sessions end with their connection; their wills do not.
      const clean_session clean = d.luck().chance(50) ? clean_session::yes : clean_session::no;
      d.connect_with_will(clean, topic_, d.luck().chance(70) ? 2 : 1);
    } else if (d.at() == link::up && s == season::load && now >= next_) {
      d.luck().chance(70) ? d.cut() : d.disconnect();
    }
  }
  void on_up(device& d, instant now) override {
    was_up_ = true;
    next_ = now + d.luck().between(milliseconds{100}, milliseconds{3'000});
  }
  void on_down(device& d, instant now, departure how) override {
    next_ = now + d.luck().between(milliseconds{0}, milliseconds{300});
    if (!std::exchange(was_up_, false) || how == departure::disconnect) return;
    if (!d.luck().chance(how == departure::cut ? 50 : 30)) return;
    is_waiting_ = true;
    d.all().wills.on_wait(*d.will());
  }
  // Whether its will comes is not up to it.
  bool is_at_rest(device& d) override { return is_waiting_ || d.at() == link::up; }

 private:
  std::string topic_;
  instant next_{};
  bool was_up_ = false;
  bool is_waiting_ = false;
};

}  // namespace

std::unique_ptr<habit> stay_online() {
  return std::make_unique<persistent_habit>();
}
std::unique_ptr<habit> come_and_go() {
  return std::make_unique<coming_and_going>();
}
std::unique_ptr<habit> stay_away() {
  return std::make_unique<staying_away>();
}
std::unique_ptr<habit> make_and_delete(std::vector<std::string> filters) {
  return std::make_unique<making_and_deleting>(std::move(filters));
}
std::unique_ptr<habit> leave_wills(std::string topic) {
  return std::make_unique<leaving_wills>(std::move(topic));
}

}  // namespace godwit::kill_loop
