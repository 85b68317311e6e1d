#!/bin/bash
# The check tier, then everything that takes longer: the long tests, the check tier under
# ThreadSanitizer, and a campaign of each fuzz target. FUZZ_SECONDS: how long each campaign runs.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/install-build-deps.sh all
packaging/check.sh
ctest --test-dir build/dev -L '^check-all$' --no-tests=error --output-on-failure

cmake --preset tsan
cmake --build --preset tsan -j "$(nproc)"
ctest --test-dir build/tsan -L '^check$' --no-tests=error --output-on-failure -j "$(nproc)"

cmake --preset fuzz
cmake --build --preset fuzz -j "$(nproc)"
for target in build/fuzz/tests/fuzz/fuzz_*; do
  if [ ! -f "$target" ] || [ ! -x "$target" ]; then continue; fi
  name="$(basename "$target")"
  mkdir -p "build/fuzz/found/$name"  # what the campaign adds stays out of the seeds
  "$target" -max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -artifact_prefix="build/fuzz/$name-" \
    "build/fuzz/found/$name" "tests/fuzz/corpus/$name"
done
echo "check-all: everything passed"
