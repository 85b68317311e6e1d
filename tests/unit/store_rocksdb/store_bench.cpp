/// Measures the durable path alone: `store_bench DIRECTORY [messages] [payload] [batch]`.

#include "opened_store.hpp"
#include "records.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace {

using namespace godwit;
using seconds = std::chrono::duration<double>;

double cpu() {
  rusage u{};
  ::getrusage(RUSAGE_SELF, &u);
  const auto of = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return of(u.ru_utime) + of(u.ru_stime);
}

long resident_kib() {
  std::ifstream status{"/proc/self/status"};
  std::string word;
  while (status >> word) {
    if (word == "VmRSS:") {
      long kib = 0;
      status >> kib;
      return kib;
    }
  }
  return 0;
}

struct nobody final : store::recovery_visitor {
  void on_session(store::restored_session s) override { entries += s.entries.size(); }
  void on_will(store::restored_will /*none*/) override {}
  void on_retained(base::ref<const mqtt::message> /*none*/) override {}
  std::size_t entries = 0;
};

struct phase {
  const char* name;
  std::uint64_t count;
  double cpu_begin = cpu();
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();

  ~phase() {
    const double wall = seconds(std::chrono::steady_clock::now() - begin).count();
    const auto n = static_cast<double>(count);
    std::printf("%-10s %8.0f messages/s, %.2f us of CPU a message, %.3f s, %ld KiB resident\n",
                name, n / wall, (cpu() - cpu_begin) * 1e6 / n, wall, resident_kib());
  }
};

void wait_for(test::opened_store& s, store::ticket t) {
  std::ignore = s.wait_until([&] { return s->durable() >= t; });
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, std::uint64_t otherwise) {
    return argc > i ? std::strtoull(argv[i], nullptr, 10) : otherwise;
  };
  if (argc < 2) return 2;
  const std::uint64_t messages = argument(2, 1'000'000);
  const std::string payload(argument(3, 64), 'x');
  const std::uint64_t per_batch = argument(4, 256);
  constexpr std::uint64_t sessions = 100;
  store_rocksdb::options o;
  o.directory = argv[1];
  o.recover_body_bytes = 1U << 20U;
  {
    test::opened_store s{o};
    store::batch all;
    for (std::uint64_t i = 1; i <= sessions; ++i) all.emplace_back(test::opening(i));
    s.commit(std::move(all));
    const auto run = [&](const char* name, auto&& make) {
      const phase measured{name, messages};
      store::ticket before{};
      store::ticket last{};
      for (std::uint64_t i = 0; i < messages;) {
        store::batch b;
        for (; b.size() < per_batch && i < messages; ++i) b.emplace_back(make(i));
        // As shards do: the next batch is made while the one before it is written.
        if (before.value() != 0) wait_for(s, before);
        before = last;
        last = s->submit(std::move(b));
      }
      wait_for(s, last);
    };
    run("enqueue", [&](std::uint64_t i) {
      return test::entry(i % sessions + 1, i / sessions + 1, i + 1, payload);
    });
    const auto g = s->read_gauges();
    std::printf("journal %llu bytes, live %llu, %llu commits\n",
                static_cast<unsigned long long>(g.journal_bytes),
                static_cast<unsigned long long>(g.live_bytes),
                static_cast<unsigned long long>(g.commits));
  }
  {
    const phase measured{"recovery", messages};
    test::opened_store s{o};
    nobody found;
    std::ignore = s->recover(found);
    std::printf("%zu entries\n", found.entries);
  }
  test::opened_store s{o};
  const phase measured{"remove", messages};
  store::ticket last{};
  store::ticket before{};
  for (std::uint64_t i = 0; i < messages;) {
    store::batch b;
    for (; b.size() < per_batch && i < messages; ++i) {
      b.emplace_back(test::removal(i % sessions + 1, i / sessions + 1));
    }
    if (before.value() != 0) wait_for(s, before);
    before = last;
    last = s->submit(std::move(b));
  }
  wait_for(s, last);
}
