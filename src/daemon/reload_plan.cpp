#include "reload_plan.hpp"

#include "broker_process.hpp"
#include "live_keys.hpp"
#include "load_config.hpp"
#include "load_tls.hpp"

namespace godwit::daemon {

reload_plan plan_reload(const command_line& line, const config::loaded& running,
                        const net::ticket_keys& keys) {
  reload_plan plan;
  plan.next = running;
  if (line.config_file.empty()) return plan;
  plan.fresh = load_config(line.config_file);
  plan.report.files.assign(
      plan.fresh.sources.begin(),
      plan.fresh.sources.begin() + static_cast<std::ptrdiff_t>(plan.fresh.files));
  plan.tls = load_tls(plan.fresh, keys);
  plan.report.applied = take_live_keys(plan.fresh.value, plan.next.value);
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
