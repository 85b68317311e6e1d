#include "reload_plan.hpp"

#include "broker_process.hpp"
#include "load_config.hpp"
#include "load_tls.hpp"
#include "surroundings.hpp"

#include <godwit/net/file_limit.hpp>

#include <optional>

namespace godwit::daemon {

namespace {

/// More connections may be wanted than there can be files.
std::optional<std::string> find_too_few_files(const config::configuration& next,
                                              std::size_t shards) {
  const std::uint64_t needed = files_needed(next, shards).files;
  const std::uint64_t limit = net::file_limit();
  if (needed <= limit) return std::nullopt;
  return "connections_max: needs " + std::to_string(needed) + " open files, and " +
         std::to_string(limit) +
         " are allowed; raise LimitNOFILE of the service and restart it, or lower connections_max";
}

}  // namespace

reload_plan plan_reload(const command_line& line, const running_broker& running,
                        const net::ticket_keys& keys) {
  reload_plan plan;
  plan.next = running.file;
  if (line.config_file.empty()) return plan;
  plan.fresh = load_config(line.config_file);
  plan.report.files.assign(
      plan.fresh.sources.begin(),
      plan.fresh.sources.begin() + static_cast<std::ptrdiff_t>(plan.fresh.files));
  plan.tls = load_tls(plan.fresh, keys);
  plan.report.applied = config::take_live_values(plan.fresh.value, plan.next.value);
  if (const auto few = find_too_few_files(plan.next.value, running.shards)) {
    plan.fresh.mistakes.push_back({{}, *few});
  }
  if (plan.fresh.mistakes.empty()) plan.security = load_security(plan.next.value);
  for (const config::mistake& m : plan.fresh.mistakes) {
    plan.report.mistakes.push_back({std::string{plan.fresh.name_of(m.where)}, m});
  }
  for (const security_mistake& m : plan.security.mistakes) {
    plan.report.mistakes.push_back({m.path, m.what});
  }
  if (!plan.report.mistakes.empty()) {
    plan.report.applied.clear();
    return plan;
  }
  apply_overrides(line, plan.fresh);
  plan.report.need_restart = config::differences(plan.next.value, plan.fresh.value);
  return plan;
}

}  // namespace godwit::daemon
