#!/bin/bash
# Installs from Debian 12 what Godwit needs. Usage: install-build-deps.sh [run|test|all]
#   run   to build and run it
#   test  also what `packaging/check.sh` needs (default)
#   all   also what `packaging/check-all.sh` and the benchmarks need
set -euo pipefail

build=(g++ cmake ninja-build ccache libboost1.81-dev libssl-dev libspdlog-dev libyaml-cpp-dev
       librocksdb-dev libsodium-dev libjemalloc-dev)
tests=(libgtest-dev libgmock-dev python3 python3-paho-mqtt mosquitto-clients libpaho-mqtt-dev
       libmqtt-client-java nodejs libbenchmark-dev openssl sslscan prometheus systemd)
long=(clang-16 libclang-rt-16-dev llvm-16 mosquitto chromium testssl.sh debhelper dpkg-dev debootstrap
      lintian systemd-container)

wanted=("${build[@]}")
case "${1:-test}" in
  run) ;;
  test) wanted+=("${tests[@]}") ;;
  all) wanted+=("${tests[@]}" "${long[@]}") ;;
  *) echo "usage: $0 [run|test|all]" >&2; exit 2 ;;
esac
# Other builds of Node.js bring an npm of their own, which Debian's package would collide with.
if [ "${1:-test}" != run ] && ! command -v npm >/dev/null; then wanted+=(npm); fi
if [ "${1:-test}" != run ] && ! command -v javac >/dev/null; then wanted+=(default-jdk-headless); fi

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }
missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then exit 0; fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
# Debian starts the services it installs; a mosquitto that runs would take Godwit's port.
no_start=/usr/sbin/policy-rc.d
if [ ! -e "$no_start" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$no_start" >/dev/null
  "${as_root[@]}" chmod 755 "$no_start"
  trap '"${as_root[@]}" rm -f "$no_start"' EXIT
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -q -y --no-install-recommends "${missing[@]}"
for package in "${missing[@]}"; do
  # Nor at the next start of the machine.
  if [ "$package" = mosquitto ] && command -v systemctl >/dev/null; then
    "${as_root[@]}" systemctl disable mosquitto.service >/dev/null 2>&1 || true
  fi
done
