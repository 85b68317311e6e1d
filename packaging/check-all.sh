#!/bin/bash
# The check tier, then everything that takes longer: the long tests, those of overload with the
# release programs as well, the check tier under ThreadSanitizer, and a campaign of each fuzz target.
# FUZZ_SECONDS: how long each campaign runs.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/install-build-deps.sh all
packaging/check.sh
ctest --test-dir build/dev -L '^check-all$' --no-tests=error --output-on-failure

cmake --preset release
cmake --build --preset release -j "$(nproc)" --target godwitd godwitctl godwit-bench
ctest --test-dir build/release -L '^overload$' --no-tests=error --output-on-failure

cmake --preset tsan
cmake --build --preset tsan -j "$(nproc)"
suppressions="$PWD/tests/support/tsan.supp"
TSAN_OPTIONS="suppressions=$suppressions:halt_on_error=0:exitcode=99:second_deadlock_stack=1" \
  ctest --test-dir build/tsan -L '^check$' --no-tests=error --output-on-failure -j "$(nproc)"

cmake --preset fuzz
cmake --build --preset fuzz -j "$(nproc)" --target fuzz-targets
packaging/fuzz.sh campaign build/fuzz "${FUZZ_SECONDS:-60}"

cmake --preset coverage
cmake --build --preset coverage -j "$(nproc)" --target fuzz-targets
packaging/fuzz.sh coverage build/coverage mqtt 95
echo "check-all: everything passed"
