#include "bug_hunt.hpp"
#include "runner.hpp"

#include <charconv>
#include <iostream>
#include <optional>
#include <random>
#include <string_view>

namespace {

using namespace std::chrono;
using godwit::sim::outcome;
using godwit::sim::runner;

int usage() {
  std::cerr << "usage: sim [--bug NAME] --seed N [--trace]  one run; the same seed, the same run\n"
               "       sim [--bug NAME] --seeds A..B        all of them; reports those that fail\n"
               "       sim --soak                           fresh seeds until it is stopped\n"
               "       sim --bugs [A..B]                    which seed finds each seeded bug\n";
  return 2;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct range {
  std::uint64_t first = 1;
  std::uint64_t last = 2'000;
};
std::optional<range> range_of(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) return std::nullopt;
  const auto first = number(text.substr(0, dots));
  const auto last = number(text.substr(dots + 2));
  if (!first || !last) return std::nullopt;
  return range{*first, *last};
}

/// Many runs.
class tally {
 public:
  void add(const outcome& o) {
    ++runs_;
    if (!o.violations.empty()) ++failed_;
    deliveries_ += o.deliveries;
    simulated_ += o.simulated;
    weather_ += o.weather;
    faults_.add(o.faults);
  }
  [[nodiscard]] std::size_t runs() const noexcept { return runs_; }
  [[nodiscard]] bool is_good() const noexcept { return failed_ == 0; }
  void print() const {
    const double real = duration<double>(steady_clock::now() - started_).count();
    const auto ratio = [&](godwit::base::duration d) {
      return static_cast<std::uint64_t>(duration<double>(d).count() / real);
    };
    std::cout << runs_ << " seeds, " << failed_ << " failed, " << deliveries_ << " deliveries, "
              << faults_.kinds() << " kinds of fault; " << real << " s real, time passes "
              << ratio(simulated_) << " times as fast (with faults " << ratio(weather_) << " times)"
              << std::endl;
  }
  void print_faults() const {
    for (std::size_t i = 0; i < godwit::sim::fault_kinds; ++i) {
      std::cout << "  " << faults_.of[i] << ' ' << godwit::sim::fault_texts[i].name << '\n';
    }
  }

 private:
  steady_clock::time_point started_ = steady_clock::now();
  std::size_t runs_ = 0;
  std::size_t failed_ = 0;
  std::size_t deliveries_ = 0;
  godwit::base::duration simulated_{};
  godwit::base::duration weather_{};
  godwit::sim::fault_counts faults_;
};

void report(const outcome& o) {
  std::cout << "seed " << o.seed << ": " << (o.violations.empty() ? "ok" : "FAILED") << ", hash "
            << std::hex << o.hash << std::dec << ", " << o.deliveries << " deliveries, "
            << duration_cast<seconds>(o.simulated).count() << " s simulated\n";
  for (const std::string& v : o.violations) std::cout << "  " << v << '\n';
}

int run_one(std::uint64_t seed, bool echo) {
  const outcome o = runner{seed, echo}.run();
  report(o);
  std::cout << "faults:";
  for (std::size_t i = 0; i < godwit::sim::fault_kinds; ++i) {
    if (o.faults.of[i] == 0) continue;
    std::cout << ' ' << godwit::sim::fault_texts[i].name << '=' << o.faults.of[i];
  }
  std::cout << '\n';
  return o.violations.empty() ? 0 : 1;
}

int run_range(range r) {
  tally all;
  for (std::uint64_t seed = r.first; seed <= r.last; ++seed) {
    const outcome o = runner{seed, false}.run();
    all.add(o);
    if (!o.violations.empty()) report(o);
  }
  all.print_faults();
  all.print();
  return all.is_good() ? 0 : 1;
}

[[noreturn]] void soak() {
  std::random_device entropy;
  tally all;
  while (true) {
    const outcome o = runner{(std::uint64_t{entropy()} << 32) | entropy(), false}.run();
    all.add(o);
    if (!o.violations.empty()) report(o);
    if (all.runs() % 500 == 0) all.print();
  }
}

#ifdef GODWIT_SEEDED_BUGS
bool choose_bug(std::string_view name) {
  const auto* const bug = godwit::sim::find_bug(name);
  if (bug != nullptr) godwit::base::seeded::chosen = bug->which;
  return bug != nullptr;
}

int hunt_all(range r) {
  std::cout << "| bug | area | what is wrong | seed | the complaint |\n|---|---|---|---|---|\n";
  std::size_t found = 0;
  for (const auto& bug : godwit::base::seeded::all) {
    const std::uint64_t base = godwit::sim::seeds_begin(bug.of);
    const godwit::sim::finding f = godwit::sim::hunt(bug.which, base + r.first, base + r.last);
    const bool is_found = !f.complaint.empty();
    if (is_found) ++found;
    std::cout << "| `" << bug.name << "` | " << godwit::sim::name_of(bug.of) << " | " << bug.text
              << " | " << (is_found ? std::to_string(f.seed) : "none") << " | " << f.complaint
              << " |" << std::endl;
  }
  std::cout << found << " of " << godwit::base::seeded::all.size() << " found\n";
  return 0;
}
#else
bool choose_bug(std::string_view) {
  return false;
}
int hunt_all(range) {
  std::cerr << "sim was built without GODWIT_SEEDED_BUGS\n";
  return 2;
}
#endif

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> words{argv + 1, argv + argc};
  if (words.size() > 2 && words[0] == "--bug") {
    if (!choose_bug(words[1])) return usage();
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.empty()) return usage();
  if (words[0] == "--soak" && words.size() == 1) soak();
  if (words[0] == "--bugs" && words.size() <= 2) {
    const auto r = words.size() == 2 ? range_of(words[1]) : range{};
    return r ? hunt_all(*r) : usage();
  }
  if (words[0] == "--seeds" && words.size() == 2) {
    const auto r = range_of(words[1]);
    return r ? run_range(*r) : usage();
  }
  const bool echo = words.size() == 3 && words[2] == "--trace";
  if (words[0] != "--seed" || words.size() < 2 || words.size() > 3) return usage();
  const auto seed = number(words[1]);
  if (!seed || (words.size() == 3 && !echo)) return usage();
  return run_one(*seed, echo);
}
