#pragma once

#include "options.hpp"
#include "report.hpp"

/// Each scenario connects, works, judges every delivery, disconnects and returns its figures.
/// All throw bench_error when they cannot be carried out.
namespace godwit::bench {

/// fan-in, pairs, fan-out and filters.
[[nodiscard]] report run_flow(const options& from);
[[nodiscard]] report run_idle(const options& from);
[[nodiscard]] report run_connect(const options& from);
[[nodiscard]] report run_storm(const options& from);
[[nodiscard]] report run_offline(const options& from);
[[nodiscard]] report run_retained(const options& from);

/// By name; throws bench_error for an unknown one.
[[nodiscard]] report run_scenario(const options& from);

}  // namespace godwit::bench
