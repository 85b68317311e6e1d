#include "acceptor.hpp"
#include "boot_timer.hpp"
#include "opening.hpp"
#include "wake_up.hpp"

#include <godwit/net/shard_thread.hpp>
#include <godwit/net/signals_blocked.hpp>
#include <godwit/net/tls_context.hpp>

#include <boost/asio/post.hpp>

#include <pthread.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace godwit::net {
namespace {

/// Refused connections that are logged: so many at once, then one in so long.
constexpr std::uint32_t refused_lines_burst = 20;
constexpr std::chrono::milliseconds refused_line_interval{500};

/// A shard whose last turn was longer has its next one on its own thread, and on that only.
constexpr std::chrono::microseconds short_turn{500};

void take_earlier(std::optional<base::steady_time>& due,
                  std::optional<base::steady_time> other) noexcept {
  if (other && (!due || *other < *due)) due = other;
}

}  // namespace

shard_thread::shard_thread(routing::shard_id id, const tuning& tune, const thread_ports& ports)
    : id_{id},
      tune_{tune},
      ports_{ports},
      context_{ports.mail.shards() == 1 ? shard_context::helpers::none
                                        : shard_context::helpers::some},
      timer_{std::make_unique<boot_timer>(context_, [this] { on_timer(); })},
      wake_up_{std::make_unique<wake_up>(context_)},
      connections_{context_, *this, tune},
      refused_lines_{refused_lines_burst, refused_line_interval} {
  connections_.report_openings_to(*this);
  ports_.board.threads.fetch_add(1);
  ports_.board.busy.fetch_add(1);
  ports_.mail.set_sleeper(id_, *this);
}

shard_thread::~shard_thread() {
  join();
}

void shard_thread::add_listener(listener& from, unique_fd socket) {
  const entrance& at =
      *entrances_.emplace_back(std::make_unique<entrance>(entrance{from, from.tls, from.rules}));
  acceptors_.push_back(std::make_unique<acceptor>(
      context_, std::move(socket), at, tune_, ports_.clock, ports_.log,
      [this, &at](unique_fd s, connection_slot slot, broker::peer_info peer) {
        on_accept(at, std::move(s), std::move(slot), std::move(peer));
      },
      [this](observe::connection_refusal why) { host_->count_refused(why); }, ports_.memory));
}

void shard_thread::renew_tls(const tls_set& fresh) {
  for (const auto& e : entrances_) {
    auto tls = e->tls ? fresh.find(e->from.options.name) : nullptr;
    if (tls) e->tls = std::move(tls);
  }
}

void shard_thread::adopt(const tuning& fresh, std::span<const renewed_rules> rules) {
  tune_ = fresh;
  connections_.adopt(fresh);
  for (const auto& e : entrances_) {
    const auto its = std::ranges::find(rules, &e->from, &renewed_rules::of);
    if (its != rules.end()) e->rules = its->now;
  }
}

void shard_thread::start() {
  const signals_blocked here;
  thread_ = std::thread{[this] { run(); }};
}

void shard_thread::join() {
  if (thread_.joinable()) thread_.join();
}

void shard_thread::post(std::function<void()> work) {
  boost::asio::post(context_, [this, work = std::move(work)] {
    context_.claim();
    open_turn();
    work();
  });
}

void shard_thread::on_bytes(broker::connection_token token, base::bytes_view bytes) {
  open_turn();
  host_->on_bytes(token, bytes);
}

void shard_thread::on_writable(broker::connection_token token) {
  open_turn();
  host_->on_writable(token);
}

void shard_thread::on_closed(broker::connection_token token, broker::transport_end how) {
  open_turn();
  host_->on_closed(token, how);
}

void shard_thread::on_accept(const entrance& at, unique_fd socket, connection_slot slot,
                             broker::peer_info peer) {
  open_turn();
  if (at.from.options.has_opening()) {
    connections_.open_later(std::move(socket), std::move(slot),
                            std::make_unique<opening>(at, std::move(peer)));
    return;
  }
  const broker::transport_id id = connections_.adopt(std::move(socket), std::move(slot));
  connections_.start(id, host_->open(id, std::move(peer)));
}

broker::connection_token shard_thread::on_opened(broker::transport_id id, opening& how) {
  open_turn();
  count_tls(how);
  return host_->open(id, std::move(how.peer));
}

/// Of an opening that is over, however it ended. Without a byte there was no handshake.
void shard_thread::count_tls(const opening& how) {
  using observe::counter;
  if (how.tls == nullptr || how.is_silent) return;
  if (!how.is_secured) {
    const bool has_begun = how.from.proxies.empty() || how.is_proxied;
    if (has_begun) host_->count(counter::tls_failed);
    return;
  }
  host_->count(counter::tls_handshakes);
  if (how.is_resumed) host_->count(counter::tls_resumed);
}

/// Anybody can make this happen, as often as he likes.
void shard_thread::on_refused(const opening& how) {
  host_->count_refused(how.counted);
  count_tls(how);
  const base::moment now = ports_.clock.now();
  if (how.is_probe) return;
  const auto suppressed = refused_lines_.admit(now.steady);
  if (!suppressed) return;
  const std::array<observe::log_field, 4> fields{
      observe::log_field{"listener", how.from.options.name},
      observe::log_field{"peer", how.peer.address}, observe::log_field{"why", how.failure},
      observe::log_field{"suppressed", *suppressed}};
  ports_.log.write({observe::log_level::info, now.wall, "connection.refused", fields});
}

void shard_thread::on_timer() {
  const base::steady_time now = ports_.clock.now().steady;
  connections_.expire(now);
  for (const auto& a : acceptors_) a->resume(now);
  const auto due = host_->next_due();
  if (due && *due <= now) open_turn();
}

void shard_thread::run() {
  const std::string name = "godwit/" + std::to_string(id_.value());
  ::pthread_setname_np(::pthread_self(), name.c_str());
  try {
    loop();
  } catch (const std::exception& e) {
    fail(e.what());
  } catch (...) {
    fail("an exception of unknown type");
  }
  set_busy(false);
  if (ports_.board.threads.fetch_sub(1) == 1 && ports_.board.on_ended) ports_.board.on_ended();
}

void shard_thread::loop() {
  context_.claim();
  while (!is_finished()) {
    const bool was_idle = sleep_or_poll();
    round(was_idle);
  }
  context_.give_up();
}

/// Runs the first event handler, if need be after a sleep. Whether there was nothing else to do.
bool shard_thread::sleep_or_poll() {
  if (has_work() || !ports_.mail.announce_sleep(id_)) {
    context_.poll_one();
    return false;
  }
  if (const auto due = next_due()) timer_->arm(*due);
  context_.give_up();
  context_.run_one();
  context_.claim();
  return true;
}

bool shard_thread::has_work() const {
  return turn_open_ || host_->wants_turn() || connections_.wants_turn();
}

/// Each event has come alone for a while.
bool shard_thread::is_calm() const noexcept {
  constexpr std::uint32_t a_while = 32;
  return lonely_rounds_ >= a_while;
}

/// To ask for more events is a system call. In a calm it is made in some rounds only; what else is
/// ready in the others has a round of its own.
bool shard_thread::looks_for_more(bool was_idle) const noexcept {
  constexpr std::uint32_t one_in = 8;
  return !was_idle || !is_calm() || lonely_rounds_ % one_in == 0;
}

/// Everything else that is ready, the mail, and the end of the turn if there was a reason for one.
void shard_thread::round(bool was_idle) {
  std::size_t events = 1;
  if (looks_for_more(was_idle)) {
    while (events < tune_.events_per_turn && context_.poll_one() != 0) ++events;
  }
  lonely_rounds_ = events == 1 ? lonely_rounds_ + 1 : 0;
  read_mail();
  using how = thread_post_office::how;
  if (is_calm() && last_turn_ <= short_turn && ports_.mail.shards() > 1) {
    host_->hold_commits();
    finish_turn();
    ports_.mail.wake_receivers(id_, last_turn_ <= short_turn ? how::stand_in_or_ring : how::ring);
    host_->release_commits();
  } else {
    finish_turn();
    ports_.mail.wake_receivers(id_, how::ring);
  }
  connections_.end_turn();
}

/// Whether there was a nudge among it.
bool shard_thread::read_mail() {
  bool is_nudged = false;
  ports_.mail.deliver(id_, tune_.mail_per_turn,
                      [this, &is_nudged](routing::shard_id from, broker::mail_batch&& batch) {
                        open_turn();
                        if (batch.letters.empty()) {
                          is_nudged = true;
                        } else {
                          host_->on_mail(from, std::move(batch));
                        }
                      });
  return is_nudged;
}

void shard_thread::finish_turn() {
  if (connections_.wants_turn() || host_->wants_turn()) open_turn();
  if (!turn_open_) return;
  connections_.run_pending();
  host_->end_turn();
  turn_open_ = false;
  last_turn_ = ports_.clock.now().steady - turn_began_;
  host_->count_turn(last_turn_);
}

void shard_thread::ring() noexcept {
  wake_up_->ring();
}

bool shard_thread::stand_in() {
  try {
    return have_turn_elsewhere();
  } catch (const std::exception& e) {
    fail(e.what());
  } catch (...) {
    fail("an exception of unknown type");
  }
}

/// Its own thread has to see what ends it, so it takes nudges, and everything once it is to stop.
bool shard_thread::have_turn_elsewhere() {
  const auto right = context_.try_claim();
  if (!right || last_turn_ > short_turn) return false;
  if (ports_.board.requests.load(std::memory_order_acquire) != 0) return false;
  const bool is_nudged = read_mail();
  finish_turn();
  ports_.mail.wake_receivers(id_, thread_post_office::how::ring);
  connections_.end_turn();
  if (is_nudged || has_work() || !ports_.mail.announce_sleep(id_)) return false;
  if (const auto due = next_due()) timer_->arm(*due);
  return true;
}

void shard_thread::open_turn() {
  if (turn_open_) return;
  turn_open_ = true;
  const base::moment now = ports_.clock.now();
  turn_began_ = now.steady;
  connections_.begin_turn(now.steady);
  host_->begin_turn(now);
}

std::optional<base::steady_time> shard_thread::next_due() {
  std::optional<base::steady_time> due = host_->next_due();
  take_earlier(due, connections_.next_due());
  take_earlier(due, stop_deadline_);
  for (const auto& a : acceptors_) take_earlier(due, a->next_due());
  return due;
}

/// Between turns: whether the thread is to end now.
bool shard_thread::is_finished() {
  constexpr std::uint32_t at_once = 2;
  const std::uint32_t requests = ports_.board.requests.load(std::memory_order_acquire);
  if (requests == 0) return false;
  if (requests >= at_once) {
    ports_.board.is_cut = true;
    return true;
  }
  if (!stop_deadline_) {
    begin_stop();
    return false;
  }
  set_busy(!host_->stopped() || connections_.lingering() != 0);
  if (ports_.clock.now().steady >= *stop_deadline_) {
    if (!host_->stopped()) ports_.board.is_cut = true;
    return true;
  }
  if (ports_.board.busy.load() != 0 || !ports_.mail.is_quiet()) return false;
  ports_.mail.nudge_all();  // those who saw mail on its way look again
  return true;
}

/// Leaves the turn open for `round`: a round takes nudges, and whoever takes one must look at the
/// requests afterwards.
void shard_thread::begin_stop() {
  acceptors_.clear();
  open_turn();
  connections_.give_up_openings();
  stop_deadline_ = ports_.clock.now().steady + tune_.stop_max;
  host_->stop();
}

/// A shard that has nothing left goes on answering the others until all have nothing left.
void shard_thread::set_busy(bool busy) {
  if (busy == busy_) return;
  busy_ = busy;
  if (busy) {
    ports_.board.busy.fetch_add(1);
  } else if (ports_.board.busy.fetch_sub(1) == 1) {
    ports_.mail.nudge_all();
  }
}

void shard_thread::fail(const char* what) noexcept {
  const std::array<observe::log_field, 2> fields{
      observe::log_field{"shard", static_cast<unsigned>(id_.value())},
      observe::log_field{"what", what}};
  ports_.log.write({observe::log_level::error, ports_.clock.now().wall, "shard.failed", fields});
  std::fprintf(stderr, "godwit: shard %u failed and the broker ends: %s\n",
               static_cast<unsigned>(id_.value()), what);
  std::abort();
}

}  // namespace godwit::net
