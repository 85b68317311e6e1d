#!/bin/bash
# Builds the Debian package. Usage: build-deb.sh [DIRECTORY], where the packages are put (build/deb).
#   GODWIT_PREBUILT  a build directory whose programs are packed instead of building them anew
#   GODWIT_VERSION   the package's version, for tests of upgrades (the changelog's)
# dpkg-buildpackage wants debian/ at the top of the source, so it works in a copy of the tree.
set -euo pipefail
cd "$(dirname "$0")/.."

out=$(realpath -m "${1:-build/deb}")
mkdir -p "$out"
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
source=$tree/godwit
mkdir "$source"
tar -c --exclude=./build --exclude=./.git --exclude=__pycache__ --exclude=node_modules . \
  | tar -x -C "$source"
cp -r packaging/debian "$source/debian"
cp packaging/systemd/godwit.service "$source/debian/godwit.service"
if [ -n "${GODWIT_VERSION:-}" ]; then
  sed -i "1s/(.*)/($GODWIT_VERSION)/" "$source/debian/changelog"
fi
if [ -n "${GODWIT_PREBUILT:-}" ]; then
  GODWIT_PREBUILT=$(realpath "$GODWIT_PREBUILT")
  export GODWIT_PREBUILT
fi
(cd "$source" && dpkg-buildpackage --build=binary --no-sign)
find "$tree" -maxdepth 1 -type f -exec cp {} "$out/" \;
ls -l "$out"
