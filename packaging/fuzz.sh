#!/bin/bash
# Runs the fuzz targets of a build (preset "fuzz"). What they find that is new stays in BUILD/found;
# an input that breaks something is written to BUILD/broken, and the script ends with status 1.
#   fuzz.sh campaign BUILD SECONDS [TARGET...]   each target (or those named) for so long
#   fuzz.sh soak BUILD [SECONDS]                 all of them in turns until stopped, each so long
#   fuzz.sh keep BUILD [TARGET...]               makes seeds of what adds coverage in BUILD/found
#   fuzz.sh coverage BUILD MODULE LEAST          (preset "coverage") which lines of a module the
#                                                seeds cover; fails below LEAST percent
set -euo pipefail
source="$(cd "$(dirname "$0")/.." && pwd)"
seeds="$source/tests/fuzz/corpus"
what="${1:?campaign, soak, keep or coverage}"
build="$(cd "${2:?the build directory}" && pwd)"
programs="$build/tests/fuzz"
if ! compgen -G "$programs/fuzz_*" >/dev/null; then
  echo "no fuzz targets in $build: build its target fuzz-targets first" >&2
  exit 2
fi

targets() {
  local program
  if [ $# -ne 0 ]; then printf '%s\n' "$@"; return; fi
  for program in "$programs"/fuzz_*; do
    if [ -f "$program" ] && [ -x "$program" ]; then basename "$program"; fi
  done
}

campaign() {  # seconds target
  mkdir -p "$build/found/$2" "$build/broken"
  echo "== $2 for $1 s"
  # Long programs from the start; longer ones than those of the replay would not be replayed.
  "$programs/$2" -max_total_time="$1" -max_len=4096 -len_control=0 -timeout=20 \
    -print_final_stats=1 -artifact_prefix="$build/broken/$2-" "$build/found/$2" "$seeds/$2" \
    2>"$build/broken/$2.log" || { tail -60 "$build/broken/$2.log"; exit 1; }
  grep -E '^(stat::number_of_executed_units|stat::new_units_added|Done)' "$build/broken/$2.log"
}

case "$what" in
  campaign)
    seconds="${3:?seconds}"
    shift 3
    for target in $(targets "$@"); do campaign "$seconds" "$target"; done
    ;;
  soak)
    while true; do
      for target in $(targets); do campaign "${3:-600}" "$target"; done
    done
    ;;
  keep)
    shift 2
    for target in $(targets "$@"); do
      "$programs/$target" -set_cover_merge=1 -max_len=4096 \
        "$seeds/$target" "$build/found/$target" 2>&1 |
        grep -E 'MERGE-OUTER: [0-9]+ new files' || true
    done
    ;;
  coverage)
    module="${3:?module}"
    least="${4:?percent}"
    objects=()
    rm -f "$build"/*.profraw
    for target in $(targets); do
      LLVM_PROFILE_FILE="$build/$target.profraw" "$programs/$target" -runs=0 "$seeds/$target" \
        >/dev/null 2>&1
      if [ ${#objects[@]} -ne 0 ]; then objects+=(-object); fi
      objects+=("$programs/$target")
    done
    llvm-profdata-16 merge -o "$build/all.profdata" "$build"/*.profraw
    # The table of properties is computed by the compiler; its lines never run.
    files=(-ignore-filename-regex=/property_table.cpp
           -sources "$source/src/$module" "$source/include/godwit/$module")
    llvm-cov-16 show "${objects[@]}" -instr-profile "$build/all.profdata" "${files[@]}" \
      -show-branches=count >"$build/$module.txt"
    llvm-cov-16 report "${objects[@]}" -instr-profile "$build/all.profdata" "${files[@]}" \
      -show-branch-summary=0 -show-region-summary=0
    llvm-cov-16 export -summary-only "${objects[@]}" -instr-profile "$build/all.profdata" \
      "${files[@]}" | python3 -c '
import json, sys
lines = json.load(sys.stdin)["data"][0]["totals"]["lines"]
percent = 100 * lines["covered"] / lines["count"]
print("%s: %.2f %% of %d lines" % (sys.argv[1], percent, lines["count"]))
sys.exit(percent < float(sys.argv[2]))' "$module" "$least"
    ;;
  *)
    echo "unknown: $what" >&2
    exit 2
    ;;
esac
