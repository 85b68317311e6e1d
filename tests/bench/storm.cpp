#include "client.hpp"
#include "scenarios.hpp"

#include <atomic>
#include <deque>
#include <exception>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

namespace godwit::bench {
namespace {

/// Who was turned away tries again after this.
constexpr std::chrono::milliseconds retry_after{500};

class silence final : public message_sink {
 public:
  void on_message(std::uint32_t, const publish_view&, instant) override {
    throw bench_error("a message arrived although nobody publishes");
  }
};

/// Names and proofs of the clients, in turn.
class credentials {
 public:
  explicit credentials(const options& from) : has_certificate_{!from.certificate.empty()} {
    if (from.logins.empty()) return;
    std::ifstream file{from.logins};
    for (std::string line; std::getline(file, line);) {
      const auto colon = line.find(':');
      if (colon == std::string::npos) throw bench_error("--logins: a line is USER:PASSWORD");
      logins_.emplace_back(line.substr(0, colon), line.substr(colon + 1));
    }
    if (logins_.empty()) throw bench_error("--logins: no line in " + from.logins);
  }

  /// With both kinds, every other client shows the certificate.
  void give(client_settings& to, std::size_t number) const {
    if (has_certificate_ && (logins_.empty() || number % 2 == 1)) {
      to.identity = layer_maker::identity::shown;
    } else if (!logins_.empty()) {
      const std::size_t turn = has_certificate_ ? number / 2 : number;
      std::tie(to.user, to.password) = logins_[turn % logins_.size()];
    }
  }

 private:
  bool has_certificate_;
  std::vector<std::pair<std::string, std::string>> logins_;
};

std::unique_ptr<subscriber> make_client(event_loop& loop, message_sink& sink, const options& from,
                                        const credentials& who, const std::string& kind,
                                        std::uint32_t number) {
  client_settings settings{
      .server = from.server(),
      .id = "bench-" + kind + "-" + std::to_string(number),
      .version = from.version,
      .clean = from.persistent ? clean_session::no : clean_session::yes,
      .keep_alive_s = from.keep_alive_s,
      .source = number % from.sources,
      .filters = {"bench/" + kind + "/" + std::to_string(number)},
      .qos = from.qos,
  };
  who.give(settings, number);
  return std::make_unique<subscriber>(loop, std::move(settings), number, sink);
}

/// Clients that are connected and ping, on a thread of their own, so that the others' logins do not
/// count as time of the broker.
class calm_clients {
 public:
  calm_clients(const options& from, const credentials& who) : from_{from}, loop_{from.layers()} {
    std::vector<client*> all;
    for (std::uint32_t i = 0; i < from.calm; ++i) {
      clients_.push_back({make_client(loop_, sink_, from, who, "calm", i)});
      all.push_back(clients_.back().its.get());
    }
    start_all(loop_, all, from.at_once, from.timeout());
    thread_ = std::thread{[this] { run(); }};
  }
  ~calm_clients() { join(); }
  calm_clients(const calm_clients&) = delete;
  calm_clients& operator=(const calm_clients&) = delete;

  /// Ends it; throws what went wrong. Afterwards the answers' times can be read.
  void stop() {
    join();
    if (fault_) std::rethrow_exception(fault_);
    for (const auto& one : clients_) one.its->leave_at_once();
  }
  [[nodiscard]] const histogram& answers() const { return answers_; }

 private:
  struct pinger {
    std::unique_ptr<subscriber> its;
    instant asked{};  // when it pings next, or pinged, if it waits
    bool waits = false;
  };

  void join() {
    is_over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  void run() {
    try {
      const auto every = std::chrono::duration_cast<nanoseconds>(
          std::chrono::duration<double>{from_.ping_every_s});
      const instant begin = steady_clock::now();
      for (std::size_t i = 0; i < clients_.size(); ++i) {  // not all at the same moment
        clients_[i].asked = begin + every * static_cast<int>(i) / static_cast<int>(clients_.size());
      }
      while (!is_over_) turn(every);
      const instant end = steady_clock::now();
      for (const pinger& one : clients_) {
        if (one.waits) answers_.record(end - one.asked);
      }
    } catch (...) {
      fault_ = std::current_exception();
    }
  }
  void turn(nanoseconds every) {
    const instant now = steady_clock::now();
    for (pinger& one : clients_) {
      if (one.waits || one.asked > now) continue;
      one.its->ping();
      one.asked = now;
      one.waits = true;
    }
    loop_.turn(std::chrono::milliseconds{1});
    const instant after = steady_clock::now();
    for (pinger& one : clients_) {
      if (!one.waits || !one.its->is_answered()) continue;
      answers_.record(after - one.asked);
      one.asked += every;
      one.waits = false;
    }
  }

  const options& from_;
  silence sink_;
  event_loop loop_;
  std::vector<pinger> clients_;
  histogram answers_;
  std::exception_ptr fault_;
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

/// Everybody else. Who is turned away comes again.
class crowd {
 public:
  crowd(const options& from, const credentials& who, std::size_t count)
      : from_{from}, loop_{from.layers()} {
    for (std::uint32_t i = 0; i < count; ++i) {
      clients_.push_back(make_client(loop_, sink_, from, who, "storm", i));
      clients_.back()->settings().may_be_turned_away = true;
    }
  }

  void come_back() {
    std::deque<std::pair<instant, subscriber*>> to_start;
    const instant begin = steady_clock::now();
    for (const auto& c : clients_) to_start.emplace_back(begin, c.get());
    std::vector<std::pair<instant, subscriber*>> under_way;
    instant progress = begin;
    while (!to_start.empty() || !under_way.empty()) {
      const instant now = steady_clock::now();
      for (; !to_start.empty() && to_start.front().first <= now && under_way.size() < from_.at_once;
           to_start.pop_front()) {
        to_start.front().second->start();
        under_way.push_back(to_start.front());
      }
      loop_.turn(std::chrono::milliseconds{10});
      const instant after = steady_clock::now();
      const std::size_t moved = std::erase_if(under_way, [&](const auto& one) {
        if (one.second->is_ready()) logins_.record(after - begin);
        if (one.second->at() != client::stage::closed) return one.second->is_ready();
        to_start.emplace_back(after + retry_after, one.second);
        return true;
      });
      if (moved != 0) progress = after;
      if (after - progress > from_.timeout()) {
        throw bench_error(std::to_string(logins_.count()) + " of " +
                          std::to_string(clients_.size()) + " came back, then nothing happened");
      }
    }
  }

  [[nodiscard]] const histogram& logins() const { return logins_; }
  [[nodiscard]] std::uint64_t attempts_lost() const {
    std::uint64_t sum = 0;
    for (const auto& c : clients_) sum += c->attempts_lost();
    return sum;
  }
  [[nodiscard]] std::size_t sessions_found() const {
    std::size_t sum = 0;
    for (const auto& c : clients_) sum += c->had_session() ? 1U : 0U;
    return sum;
  }
  void leave() {
    for (const auto& c : clients_) c->leave_at_once();
  }

 private:
  const options& from_;
  silence sink_;
  event_loop loop_;
  std::vector<std::unique_ptr<subscriber>> clients_;
  histogram logins_;  // from the storm's beginning
};

}  // namespace

report run_storm(const options& from) {
  const std::size_t count = from.count != 0 ? from.count : 18'000;
  const process_probe broker{from.pid};
  const credentials who{from};
  calm_clients calm{from, who};
  crowd all{from, who, count};
  stopwatch watch{broker};
  all.come_back();
  watch.stop();
  calm.stop();

  report result;
  result.add("scenario", from.scenario);
  watch.add_to(result, "", "connection", count);
  result.add("login_us", all.logins());
  result.add("attempts_lost", all.attempts_lost());
  result.add("sessions_found", all.sessions_found());
  result.add("pings", calm.answers().count());
  result.add("ping_us", calm.answers());
  add_memory(result, "", broker);
  all.leave();
  result.add_verdict(all.logins().count() == count);
  return result;
}

}  // namespace godwit::bench
