#include "bug_hunt.hpp"

#include "runner.hpp"

#include <godwit/base/assert.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace godwit::sim {

std::map<std::string, std::uint64_t> known_seeds(const std::string& document) {
  // | `name` | area | what is wrong | seed | complaint |
  std::map<std::string, std::uint64_t> seeds;
  std::ifstream in{document};
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t end = line.find('`', 3);
    std::size_t at = end;
    for (int column = 0; column < 3 && at != std::string::npos; ++column) {
      at = line.find('|', at + 1);
    }
    if (end == std::string::npos || at == std::string::npos) continue;
    const std::uint64_t seed = std::strtoull(line.c_str() + at + 1, nullptr, 10);
    if (seed != 0) seeds[line.substr(3, end - 3)] = seed;
  }
  return seeds;
}

#ifdef GODWIT_SEEDED_BUGS

namespace {

constexpr unsigned seconds_per_seed = 60;

/// "@seed" before each run, "!complaint" where one failed; all else is what a dying process says.
[[noreturn]] void run_all(base::seeded::bug which, std::uint64_t first, std::uint64_t last,
                          int out) {
  ::dup2(out, STDERR_FILENO);
  base::seeded::chosen = which;
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    ::dprintf(out, "@%llu\n", static_cast<unsigned long long>(seed));
    ::alarm(seconds_per_seed);
    const outcome o = runner{seed, false}.run();
    if (o.violations.empty()) continue;
    ::dprintf(out, "!%s\n", o.violations.front().c_str());
    break;
  }
  ::_exit(0);
}

std::string read_all(int from) {
  std::string all;
  char buffer[4'096];
  for (ssize_t n = 0; (n = ::read(from, buffer, sizeof buffer)) > 0;) {
    all.append(buffer, static_cast<std::size_t>(n));
  }
  return all;
}

bool says_why(std::string_view line) {
  return line.find("assertion") != std::string_view::npos ||
         line.find("ERROR: AddressSanitizer") != std::string_view::npos ||
         line.find("runtime error") != std::string_view::npos;
}

}  // namespace

finding hunt(base::seeded::bug which, std::uint64_t first, std::uint64_t last) {
  int ends[2];
  GODWIT_ASSERT(::pipe(ends) == 0);
  const pid_t child = ::fork();
  GODWIT_ASSERT(child >= 0);
  if (child == 0) {
    ::close(ends[0]);
    run_all(which, first, last, ends[1]);
  }
  ::close(ends[1]);
  std::string text = read_all(ends[0]);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);

  finding found;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with('@')) {
      found.seed = std::strtoull(line.c_str() + 1, nullptr, 10);
    } else if (line.starts_with('!')) {
      found.complaint = line.substr(1);
    } else if (found.complaint.empty() && says_why(line)) {
      found.complaint = line;
    }
  }
  const bool ended_well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (found.complaint.empty() && !ended_well) {
    found.complaint = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? "a run does not end"
                                                                         : "the process dies";
  }
  return found;
}

const base::seeded::description* find_bug(std::string_view name) {
  const auto at =
      std::ranges::find_if(base::seeded::all, [&](const auto& one) { return one.name == name; });
  return at == base::seeded::all.end() ? nullptr : &*at;
}

std::uint64_t seeds_begin(base::seeded::area a) {
  return a == base::seeded::area::v5 ? first_seed_with_v5 : 0;
}

std::string_view name_of(base::seeded::area a) {
  using base::seeded::area;
  switch (a) {
    case area::qos2:
      return "crash points of QoS 2";
    case area::order:
      return "order and credits";
    case area::retained:
      return "retained against live";
    case area::interest:
      return "interest table";
    case area::wills:
      return "takeover and wills";
    case area::resume:
      return "resume and packet ids";
    case area::v5:
      return "MQTT 5";
  }
  return "?";
}

#endif

}  // namespace godwit::sim
