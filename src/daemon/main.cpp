#include "broker_process.hpp"
#include "command_line.hpp"
#include "load_config.hpp"
#include "load_security.hpp"
#include "load_tls.hpp"
#include "signals.hpp"
#include "store_commands.hpp"
#include "surroundings.hpp"

#include <godwit/config/render.hpp>
#include <godwit/net/boot_clock.hpp>
#include <godwit/net/tls_memory.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::daemon {
namespace {

void print(std::FILE* to, const std::string& text) {
  std::fputs(text.c_str(), to);
}

exit_status refuse(const config::loaded& file) {
  for (const config::mistake& m : file.mistakes) print(stderr, config::describe(m, file) + "\n");
  print(stderr, "godwitd: the configuration has " + std::to_string(file.mistakes.size()) +
                    (file.mistakes.size() == 1 ? " mistake" : " mistakes") +
                    ", nothing was started\n");
  return exit_status::wrong_input;
}

exit_status refuse(const std::vector<security_mistake>& mistakes) {
  for (const security_mistake& m : mistakes) print(stderr, describe(m) + "\n");
  print(stderr,
        "godwitd: what decides about logins and rights has mistakes, nothing was started\n");
  return exit_status::wrong_input;
}

std::string names_of_files(const config::loaded& file) {
  if (file.files == 0) return "the defaults";
  std::string out;
  for (std::size_t i = 0; i < file.files; ++i) out += (i == 0 ? "" : ", ") + file.sources[i];
  return out;
}

exit_status run(const command_line& line) {
  using task = command_line::task;
  if (line.what == task::help) {
    print(stdout, help_text());
    return exit_status::ended;
  }
  if (line.what == task::version) {
    print(stdout, "godwitd " GODWIT_VERSION "\n");
    return exit_status::ended;
  }
  net::count_tls_memory();
  config::loaded file = load_config(line.config_file);
  if (!file.value.core_files) forbid_core_files();
  if (line.what == task::check || line.what == task::run) {
    const net::boot_clock clock;
    const net::ticket_keys keys{clock};
    load_tls(file, keys);
  }
  if (!file.mistakes.empty()) return refuse(file);
  apply_overrides(line, file);
  const loaded_security decides = load_security(file.value);
  if (!decides.mistakes.empty() && (line.what == task::check || line.what == task::run)) {
    return refuse(decides.mistakes);
  }
  if (line.what == task::check) {
    print(stdout, "OK: " + names_of_files(file) + "\n");
    return exit_status::ended;
  }
  if (line.what == task::print_effective) {
    print(stdout, config::render_effective(file));
    return exit_status::ended;
  }
  if (line.what != task::run) return run_store_command(line, file);
  signals from_outside;
  return run_broker(line, file, decides.value, from_outside);
}

}  // namespace
}  // namespace godwit::daemon

int main(int argc, char** argv) {
  using namespace godwit::daemon;
  try {
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const auto parsed = parse_command_line(arguments);
    if (const auto* wrong = std::get_if<usage_mistake>(&parsed)) {
      print(stderr, "godwitd: " + wrong->what + "\n");
      return static_cast<int>(exit_status::wrong_input);
    }
    const auto& line = std::get<command_line>(parsed);
    return static_cast<int>(run(line));
  } catch (const std::exception& e) {
    print(stderr, std::string("godwitd: ") + e.what() + "\n");
    return static_cast<int>(exit_status::failed);
  }
}
