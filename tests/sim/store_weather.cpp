#include "store_weather.hpp"

namespace godwit::sim {

using store::condition;

store_weather::store_weather(context& c, store::memory_store& s, const store_plan& p)
    : context_{c}, store_{s}, plan_{p} {
  store_.set_bodies_recovered(p.bodies_recovered);
}

void store_weather::step() {
  if (store_.state() == condition::failed) return;
  if (store_.waiting_fetches() != 0 && context_.chance(60)) {
    const std::size_t n = 1 + context_.below(store_.waiting_fetches());
    if (n < store_.waiting_fetches()) context_.count(fault::late_bodies);
    context_.note("store answers " + std::to_string(n) + " fetches");
    store_.answer_fetches(n);
  }
  if (plan_.trouble_percent == 0) return;
  const bool is_bad = store_.state() != condition::good || !store_.has_room();
  if (!context_.chance(is_bad ? 30 : plan_.trouble_percent)) return;
  if (is_bad && context_.chance(60)) return clear();
  const std::vector<condition> states{condition::good, condition::low_disk, condition::low_disk,
                                      condition::full};
  set(context_.one_of(states), context_.chance(50));
}

void store_weather::start_again() {
  clear();
  if (plan_.bodies_recovered < 1'000) context_.count(fault::bodies_left_on_disk);
}

void store_weather::clear() {
  set(condition::good, true);
}

void store_weather::fail() {
  set(condition::failed, store_.has_room());
}

void store_weather::set(condition state, bool has_room) {
  if (state == store_.state() && has_room == store_.has_room()) return;
  context_.note("store is in state " + std::to_string(static_cast<int>(state)) +
                (has_room ? ", has room" : ", has no room"));
  if (!has_room) context_.count(fault::store_without_room);
  if (state == condition::low_disk) context_.count(fault::disk_low);
  if (state == condition::full) context_.count(fault::disk_full);
  if (store_.state() != condition::good) context_.disk_low_until = context_.mark();
  if (state != condition::good) context_.disk_low_until = never;
  store_.set_room(has_room);
  store_.set_state(state);
}

bool store_weather::answer_all() {
  if (store_.waiting_fetches() == 0) return false;
  store_.answer_fetches(store_.waiting_fetches());
  return true;
}

}  // namespace godwit::sim
