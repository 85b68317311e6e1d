#include "broker_process.hpp"

#include "balance_line.hpp"
#include "body_reader.hpp"
#include "control_desk.hpp"
#include "control_path.hpp"
#include "given_sockets.hpp"
#include "leveled_sink.hpp"
#include "load_security.hpp"
#include "main_tasks.hpp"
#include "memory_watch.hpp"
#include "open_store.hpp"
#include "reload_plan.hpp"
#include "sd_notify.hpp"
#include "shard_gates.hpp"
#include "shard_pulse.hpp"
#include "signals.hpp"
#include "start_pulse.hpp"
#include "surroundings.hpp"
#include "watch_page.hpp"

#include <godwit/base/checked_cast.hpp>
#include <godwit/config/render.hpp>
#include <godwit/net/boot_clock.hpp>
#include <godwit/net/broker_threads.hpp>
#include <godwit/net/file_limit.hpp>
#include <godwit/observe/counters.hpp>
#include <godwit/observe/journal.hpp>
#include <godwit/routing/retained_index.hpp>
#include <godwit/store/memory_store.hpp>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace godwit::daemon {

namespace {

/// The service manager is asked for more time so often, and for so much, while the store is read.
constexpr std::chrono::seconds start_step{10};
constexpr std::chrono::seconds start_grant{60};
/// Shards are asked so often within the time that the watchdog allows.
constexpr int pulses_per_watchdog = 4;
/// Without a watchdog the main thread wakes up so often at least.
constexpr std::chrono::microseconds pulse_step{10'000'000};

net::options net_options(const config::configuration& c, std::size_t shard_count,
                         std::uint64_t seed) {
  net::options o;
  o.shard = c.broker;
  o.shard.shards = shard_count;
  o.shard.seed = seed;
  // Every shard takes its part of the limit, rounded up.
  const auto shards = base::checked_cast<std::uint32_t>(shard_count);
  o.shard.connections_max = c.connections_max / shards + (c.connections_max % shards != 0 ? 1 : 0);
  // In memory there is nothing to gain by letting go of bodies.
  const std::uint64_t queue_memory =
      c.store.kept == config::persistence::disk ? c.store.queue_memory : 0;
  o.shard.queue_memory_bytes = (queue_memory + shards - 1) / shards;
  o.listeners.clear();
  for (const config::listener& l : c.listeners) {
    o.listeners.push_back(l.options);
    o.listeners.back().rate.seed = o.shard.seed;
  }
  o.tune = c.net;
  return o;
}

/// To the journal with all fields, where standard error goes there anyway.
std::unique_ptr<observe::log_sink> open_log(const observe::log_options& o) {
  if (!o.file.empty() || !stderr_is_journal()) return observe::make_log_sink(o);
  return observe::make_journal_sink(o, "/run/systemd/journal/socket");
}

/// "what is wrong; what to do" in two, because the log cuts long values.
std::pair<std::string_view, std::string_view> split_remedy(std::string_view text) {
  const auto cut = text.find("; ");
  if (cut == std::string_view::npos) return {text, "none"};
  return {text.substr(0, cut), text.substr(cut + 2)};
}

/// For somebody who just wants to see it work.
void print_first_steps(std::uint16_t port) {
  const std::string at = port == 1'883 ? "" : " -p " + std::to_string(port);
  std::printf(
      "Godwit %s is ready on localhost, port %u. Try it, in two other terminals:\n"
      "  mosquitto_sub%s -t 'hello/#' -v\n"
      "  mosquitto_pub%s -t hello/world -m 'it works'\n"
      "Ctrl-C stops it; godwitd --help tells more.\n",
      GODWIT_VERSION, unsigned{port}, at.c_str(), at.c_str());
  std::fflush(stdout);
}

observe::totals sums_of(const std::vector<observe::counters>& shards) {
  std::vector<const observe::counters*> all;
  for (const observe::counters& one : shards) all.push_back(&one);
  return observe::sum(all);
}

/// Of the bodies of retained messages, which the shards count with their index.
std::uint64_t retained_bytes(const std::vector<observe::counters>& shards) {
  const observe::totals sums = sums_of(shards);
  return sums[observe::memory_kind::retained] -
         sums[observe::counter::retained_messages] * routing::retained_index::node_bytes;
}

/// The broker and everything it stands on, in the order in which they need one another.
class broker_process {
 public:
  broker_process(const command_line& line, const config::loaded& file,
                 std::shared_ptr<const auth::security> decides, signals& from_outside)
      : given_(take_given_sockets()),
        line_(line),
        file_(file),
        decides_(std::move(decides)),
        signals_(from_outside),
        sink_(open_log(file.value.log), file.value.log.level),
        log_(clock_, std::make_unique<borrowed_sink>(sink_), file.value.log.level),
        notifier_(take_notify_socket()),
        watchdog_(take_watchdog()),
        options_(net_options(file.value,
                             file.value.shards == 0 ? default_shards() : file.value.shards,
                             random_seed())),
        watch_(memory_, file.value.memory_limit, log_) {}

  exit_status run() {
    log_.info("godwit.start", {{"version", GODWIT_VERSION},
                               {"config", line_.config_file.empty() ? "none" : line_.config_file},
                               {"shards", options_.shard.shards}});
    try {
      if (!have_enough_files()) return exit_status::failed;
      return serve();
    } catch (const std::exception& e) {
      log_.error("broker.failed", {{"reason", e.what()}});
      return exit_status::failed;
    }
  }

 private:
  bool have_enough_files() {
    const file_need need = files_needed(file_.value, options_.shard.shards);
    const std::uint64_t limit = net::raise_file_limit();
    if (limit >= need.files) return true;
    log_.error("files.too_few",
               {{"limit", limit},
                {"needed", need.files},
                {"connections", need.connections},
                {"remedy",
                 "raise LimitNOFILE of the service (ulimit -Hn in a shell), or lower "
                 "connections_max"}});
    return false;
  }

  exit_status serve() {
    if (file_.value.store.kept == config::persistence::none) {
      store::memory_store in_memory{store::memory_store::mode::immediate};
      return serve_with(in_memory, nullptr);
    }
    const store_rocksdb::options how = store_options(line_, file_.value);
    starting_.emplace(notifier_, start_step, start_grant);
    const auto on_disk = open_store(how, clock_, log_);
    if (!on_disk) return exit_status::failed;
    return serve_with(*on_disk, on_disk.get());
  }

  exit_status serve_with(store::store& durable, store_rocksdb::rocksdb_store* on_disk) {
    shard_gates gates{decides_, options_.shard.shards, random_secret()};
    routing::interest_table interest{options_.shard.shards, options_.shard.seed};
    broker::number_source numbers;
    std::vector<observe::counters> counters(options_.shard.shards);
    net::broker_threads threads{options_,
                                {durable, gates.authenticators(), gates.authorizers(), interest,
                                 numbers, clock_, sink_, counters, &memory_}};
    watch_.take_base(on_disk != nullptr ? on_disk->memory_size() : 0);
    numbers.start_above(broker::recover(shards_of(threads), options_.shard, durable, clock_.now()));
    if (const auto opened = threads.open(std::move(given_)); !opened) {
      const net::listen_error why = opened.error();
      const auto [reason, remedy] = split_remedy(why.text);
      log_.error("listener.failed", {{"reason", reason}, {"remedy", remedy}});
      return exit_status::failed;
    }
    const watched_broker watched{counters, durable, on_disk, is_serving_, memory_};
    watch_.ask_retained([&counters] { return retained_bytes(counters); });
    if (on_disk != nullptr) watch_.ask_store([on_disk] { return on_disk->memory_size(); });
    std::optional<admin::http_server> watchers;
    if (file_.value.http.port != 0) {
      watchers.emplace(file_.value.http,
                       [watched](std::string_view path) { return answer_watcher(watched, path); });
      log_.info("http.open",
                {{"address", file_.value.http.bind}, {"port", unsigned{watchers->port()}}});
    }
    body_reader bodies{durable};
    durable.on_news([this, &threads, &durable, &bodies] {
      threads.wake_all();
      bodies.look();
      const store::condition state = durable.state();
      if (store_state_.exchange(state) != state) signals_.wake();
    });
    gates.connect(threads);
    gates_ = &gates;
    threads.start([this] {
      threads_ended_ = true;
      signals_.wake();
    });
    is_serving_ = true;
    std::optional<control_desk> desk;
    std::optional<admin::control_server> control;
    open_control(threads, watched, on_disk, bodies, desk, control);
    say_ready(threads);
    const exit_status status = follow_signals(threads);
    tasks_.close();
    control.reset();
    threads.join();
    gates.stop();
    durable.on_news({});  // what it told does not outlive this function
    log_balance(log_, counters, threads.were_cut_short() ? ending::cut_short : ending::settled);
    log_.info("broker.stopped");
    return status;
  }

  /// For operators. A broker whose socket cannot be opened serves its clients all the same.
  void open_control(net::broker_threads& threads, const watched_broker& watched,
                    store_rocksdb::rocksdb_store* on_disk, body_reader& bodies,
                    std::optional<control_desk>& desk,
                    std::optional<admin::control_server>& server) {
    admin::control_options o = file_.value.control;
    o.path = control_path_of(file_.value, line_.store_directory);
    if (o.path.empty()) return;
    desk.emplace(control_world{
        .threads = threads,
        .shards = options_.shard.shards,
        .seed = options_.shard.seed,
        .watched = watched,
        .bodies = bodies,
        .log = log_,
        .reload =
            [this, &threads] {
              return tasks_.run<reload_report>([this, &threads] { return reload(threads); });
            },
        .compare =
            [this, &threads] {
              return tasks_.run<reload_report>([this, &threads] {
                return plan_reload(line_, running(), threads.ticket_keys()).report;
              });
            },
        .level = [this] { return sink_.level(); },
        .set_level = [this](observe::log_level level) { set_log_level(level); },
        .backup = back_up_with(on_disk),
        .set_draining = [this](bool on) { is_serving_ = !on; },
        .uptime_s =
            [this, started = clock_.now().steady] {
              return std::chrono::duration<double>{clock_.now().steady - started}.count();
            },
        .has_ended = [this] { return threads_ended_.load(); }});
    try {
      server.emplace(o, [&desk](std::string_view request, admin::control_peer& peer) {
        desk->serve(request, peer);
      });
      log_.info("control.open", {{"path", o.path}});
    } catch (const std::system_error& e) {
      log_.error("control.failed",
                 {{"reason", std::string_view{e.what()}},
                  {"remedy", "name another path with control.socket, in a directory that exists"}});
    }
  }

  std::function<void(const std::string&)> back_up_with(store_rocksdb::rocksdb_store* on_disk) {
    if (on_disk == nullptr) return {};
    return [this, on_disk](const std::string& to) {
      make_private_directory(std::filesystem::path{to}.parent_path().string());
      on_disk->backup(to);
      log_.info("store.backed_up", {{"to", to}});
    };
  }

  void set_log_level(observe::log_level level) {
    sink_.set_level(level);
    log_.set_level(level);
  }

  [[nodiscard]] std::vector<broker::shard*> shards_of(net::broker_threads& threads) const {
    std::vector<broker::shard*> all;
    for (std::size_t i = 0; i < options_.shard.shards; ++i) {
      all.push_back(&threads.shard(routing::shard_id{base::checked_cast<std::uint8_t>(i)}));
    }
    return all;
  }

  void say_ready(const net::broker_threads& threads) {
    for (const auto& l : threads.listeners()) {
      log_.info("listener.open", {{"name", l->options.name},
                                  {"address", l->address},
                                  {"port", unsigned{l->port}},
                                  {"socket", l->is_given ? "given" : "own"}});
    }
    log_.info("broker.ready", {{"listeners", threads.listeners().size()}});
    starting_.reset();
    tell(notifier_.ready(status_line(threads)));
    if (line_.config_file.empty() && !threads.listeners().empty()) {
      print_first_steps(threads.listeners().front()->port);
    }
  }

  exit_status follow_signals(net::broker_threads& threads) {
    bool stopping = false;
    shard_pulse pulse{threads, options_.shard.shards};
    const std::chrono::microseconds step =
        watchdog_ ? *watchdog_ / pulses_per_watchdog : pulse_step;
    base::steady_time next = clock_.now().steady;
    for (;;) {
      const auto now = clock_.now().steady;
      if (now >= next) {
        if (watchdog_ && pulse.beat()) tell(notifier_.alive());
        next = now + step;
      }
      const auto left = std::min(next, watch_.look(now)) - now;
      const auto patience = std::chrono::ceil<std::chrono::milliseconds>(left);
      switch (signals_.wait(patience)) {
        case signals::event::timeout:
          break;
        case signals::event::reload:
          if (!stopping) static_cast<void>(reload(threads));
          break;
        case signals::event::woken:
          if (threads_ended_) {
            const bool is_safe = store_state_ != store::condition::failed;
            return stopping && is_safe ? exit_status::ended : exit_status::failed;
          }
          if (!stopping) tasks_.run_waiting();
          on_store_state(threads);
          break;
        case signals::event::stop:
          threads.request_stop();
          if (stopping) {
            log_.warn("broker.cut_short");
            signals_.end_at_next();
            return exit_status::cut_short;
          }
          stopping = true;
          tasks_.close();
          is_serving_ = false;
          log_.info("broker.stopping");
          tell(notifier_.stopping("Closing connections"));
          break;
      }
    }
  }

  /// The log file is opened again. The configuration and the files it names are read and checked;
  /// if all of it is right, every key changes at once that does not need a start.
  reload_report reload(net::broker_threads& threads) {
    tell(notifier_.reloading(monotonic_now()));
    log_.reopen();
    reload_report report;
    if (!line_.config_file.empty()) report = reload_file(threads);
    tell(notifier_.ready(status_line(threads)));
    return report;
  }

  reload_report reload_file(net::broker_threads& threads) {
    reload_plan plan = plan_reload(line_, running(), threads.ticket_keys());
    reload_report& report = plan.report;
    for (const auto& m : report.mistakes) tell_mistake(m.path, m.what);
    if (!report.mistakes.empty()) return report;
    // Everything is read and right: from here on nothing can fail.
    for (const config::difference& d : report.applied) {
      log_.info("reload.applied", {{"key", d.key}, {"before", d.before}, {"now", d.after}});
    }
    file_.value = std::move(plan.next.value);
    set_log_level(file_.value.log.level);
    watch_.set_limit(file_.value.memory_limit);
    options_ = net_options(file_.value, options_.shard.shards, options_.shard.seed);
    threads.adopt(options_);
    decides_ = plan.security.value;
    gates_->adopt(decides_, plan.tls);
    for (const config::difference& d : report.need_restart) {
      log_.warn("reload.needs_restart", {{"key", d.key}, {"running", d.before}, {"file", d.after}});
    }
    report.tls_listeners = threads.count_renewed(plan.tls);
    log_.info("reload.done", {{"applied", report.applied.size()},
                              {"need_restart", report.need_restart.size()},
                              {"tls_listeners", report.tls_listeners}});
    return report;
  }

  [[nodiscard]] running_broker running() const { return {file_, options_.shard.shards}; }

  void tell_mistake(const std::string& path, const config::mistake& m) {
    const auto [what, remedy] = split_remedy(m.what);
    log_.error("reload.mistake", {{"file", path},
                                  {"line", m.where.line},
                                  {"column", m.where.column},
                                  {"what", what},
                                  {"remedy", remedy}});
  }

  /// A store that has failed acknowledges nothing more: the process ends, and the supervisor's next
  /// one recovers what is on disk.
  void on_store_state(net::broker_threads& threads) {
    if (store_state_ != store::condition::failed) {
      tell(notifier_.ready(status_line(threads)));
      return;
    }
    log_.error("broker.gives_up", {{"reason", "the store has failed"},
                                   {"remedy", "check the disk; a new start recovers the store"}});
    tell(notifier_.stopping("The store has failed"));
    threads.request_stop();
    threads.request_stop();
  }

  std::string status_line(const net::broker_threads& threads) const {
    std::string out;
    switch (store_state_.load()) {
      case store::condition::low_disk:
        out = "Little disk space, nothing new is stored. ";
        break;
      case store::condition::full:
        out = "Disk full, nothing is acknowledged. ";
        break;
      case store::condition::good:
      case store::condition::failed:
        break;
    }
    out += "Listening on";
    for (const auto& l : threads.listeners()) out += " " + l->address;
    return out;
  }

  void tell(std::error_code error) {
    if (error) log_.warn("notify.failed", {{"reason", error.message()}});
  }

  std::vector<net::given_socket> given_;
  const command_line& line_;
  config::loaded file_;  ///< as it runs: what a reload changed is in it
  std::shared_ptr<const auth::security> decides_;
  shard_gates* gates_ = nullptr;
  signals& signals_;
  net::boot_clock clock_;
  leveled_sink sink_;
  observe::logger log_;
  service_notifier notifier_;
  std::optional<std::chrono::microseconds> watchdog_;
  std::optional<start_pulse> starting_;
  net::options options_;
  main_tasks tasks_{signals_};
  observe::memory_gauge memory_;
  memory_watch watch_;
  std::atomic<store::condition> store_state_{store::condition::good};
  std::atomic<bool> threads_ended_{false};
  std::atomic<bool> is_serving_{false};
};

}  // namespace

exit_status run_broker(const command_line& line, const config::loaded& file,
                       std::shared_ptr<const auth::security> decides, signals& from_outside) {
  return broker_process{line, file, std::move(decides), from_outside}.run();
}

void apply_overrides(const command_line& line, config::loaded& file) {
  if (!line.port) return;
  const config::position here{0, 0, file.add_source("command line")};
  const std::uint16_t first = file.value.listeners.front().options.port;
  for (std::size_t i = 0; i < file.value.listeners.size(); ++i) {
    net::listener_options& o = file.value.listeners[i].options;
    if (o.port != first) continue;
    o.port = *line.port;
    file.origins["listeners[" + std::to_string(i) + "].port"] = here;
  }
}

}  // namespace godwit::daemon
