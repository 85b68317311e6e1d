#include "scenarios.hpp"

namespace godwit::bench {

report run_scenario(const options& from) {
  const std::string& name = from.scenario;
  if (name == "fan-in" || name == "pairs" || name == "fan-out" || name == "filters" ||
      name == "telemetry") {
    return run_flow(from);
  }
  if (name == "idle") return run_idle(from);
  if (name == "connect") return run_connect(from);
  if (name == "storm") return run_storm(from);
  if (name == "offline") return run_offline(from);
  if (name == "retained") return run_retained(from);
  throw bench_error(name.empty() ? "no scenario named" : "unknown scenario " + name);
}

}  // namespace godwit::bench
