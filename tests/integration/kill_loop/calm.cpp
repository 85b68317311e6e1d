#include "run.hpp"

#include <algorithm>

namespace godwit::kill_loop {

using bench::instant;
using bench::steady_clock;
using std::chrono::seconds;

namespace {

constexpr seconds rest_limit{150};  // sanitized builds on a loaded machine
constexpr seconds will_limit{20};   // after everything else has come to rest
constexpr seconds stop_limit{60};

}  // namespace

/// Apart from what the broker's sheet says, and from wills.
bool run::is_at_rest() const {
  return std::ranges::all_of(cast_.devices(), [&](const auto& d) {
    if (season_ == season::farewell) return !d->is_open() && d->has_no_session();
    return d->is_at_rest() && d->is_finished();
  });
}

std::string run::why_not_at_rest() const {
  std::string text = std::to_string(sheet_.value("copies_in_log")) + " copies in logs; " +
                     std::to_string(all_.wills.outstanding()) + " wills outstanding; " +
                     sheet_.faults() + "; at work:";
  std::size_t count = 0;
  for (const auto& d : cast_.devices()) {
    if (d->is_at_rest() && d->is_finished()) continue;
    if (++count <= 5) text += " " + d->plan().client_id;
  }
  return text + " (" + std::to_string(count) + ")";
}

/// Everyone finishes what it has begun and takes what is there. At the end no copy is left in the
/// broker, and its books add up twice in a row.
void run::come_to_rest(season how) {
  season_ = how;
  sheet_.start(daemon_.address());
  const instant deadline = steady_clock::now() + rest_limit;
  instant wills_deadline = deadline;
  unsigned sound = 0;
  unsigned seen = 1;  // the first one may be a part
  while (sound < 2 || all_.wills.outstanding() != 0) {
    step();
    if (sheet_.readings() > seen) {
      seen = sheet_.readings();
      const bool is_drained = is_at_rest() && sheet_.value("copies_in_log") == 0;
      sound = is_drained && sheet_.faults().empty() ? sound + 1 : 0;
      if (sound == 2) wills_deadline = steady_clock::now() + will_limit;
    }
    const instant now = steady_clock::now();
    if (sound >= 2 && now > wills_deadline) break;
    if (now <= deadline) continue;
    found_.add(
        is_at_rest() && !sheet_.faults().empty() ? finding::unbalanced : finding::not_drained,
        why_not_at_rest());
    break;
  }
  sheet_.stop();
}

void run::look_at_everything() {
  probe_.start(daemon_.address());
  const instant deadline = steady_clock::now() + seconds{60};
  while (!probe_.is_done(steady_clock::now())) {
    step();
    if (steady_clock::now() <= deadline) continue;
    found_.add(finding::retained_lost, "no answer to a subscriber of what is retained");
    break;
  }
  all_.wills.check();
  all_.messages.check_owed();
  all_.messages.forget_messages();
  all_.retained.forget_superseded();
}

/// Everyone deletes its session. What is acknowledged stays deleted, over one more kill.
void run::say_farewell() {
  come_to_rest(season::farewell);
  expect_nothing_left("after the farewell");
  kill_daemon();
  start_daemon();
  wait_until_ready();
  expect_nothing_left("after the farewell and a kill");
  daemon_.terminate(stop_limit);
}

void run::expect_nothing_left(const std::string& when) {
  sheet_.start(daemon_.address());
  const instant deadline = steady_clock::now() + seconds{60};
  while (sheet_.readings() < 2 && steady_clock::now() < deadline) step();
  const auto expect = [&](std::string_view what, std::int64_t wanted) {
    if (sheet_.value(what) == wanted) return;
    found_.add(finding::session_revived, when + ": " + std::string{what} + " is " +
                                             std::to_string(sheet_.value(what)) + ", not " +
                                             std::to_string(wanted));
  };
  expect("sessions_persistent", 0);
  expect("copies_in_log", 0);
  expect("shared_subscriptions", 0);
  expect("subscriptions", 1);  // of the sheet itself
  expect("clients_connected", 1);
  if (!sheet_.faults().empty()) found_.add(finding::unbalanced, when + ": " + sheet_.faults());
  sheet_.stop();
}

}  // namespace godwit::kill_loop
