#!/bin/bash
# Installs what is missing, builds with ASan and UBSan, and runs the tests of the check tier.
set -euo pipefail
cd "$(dirname "$0")/.."

packaging/install-build-deps.sh test
cmake --preset dev
cmake --build --preset dev -j "$(nproc)"
ctest --test-dir build/dev -L '^check$' --no-tests=error --output-on-failure -j "$(nproc)"
