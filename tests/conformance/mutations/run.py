#!/usr/bin/env python3
"""Breaks rules of docs/conformance.md on purpose and asks their tests.

    run.py draw             40 rules of MQTT 3.1 and 3.1.1, by a seeded draw among those that
                            tests showed then
    run.py all BUILD        puts all faults into the sources, each behind an environment variable,
                            builds once, runs for each rule the tests that name it, with its fault
                            and without; prints a table, and restores the sources. Status 1 if a
                            fault passes.
    run.py v5 BUILD         the same with the faults of MQTT 5 only
    run.py check            whether all of them still fit the sources; builds nothing

The faults are in mutants.py, for the rules of the draw, and in mutants_v5.py. Only .cpp files
change, so a build costs those files and the links.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent), str(HERE)]
import list as conformance  # noqa: E402  tests/conformance/list.py
import mutants  # noqa: E402
import mutants_v5  # noqa: E402

SEED = 3
COUNT = 40
VARIABLE = "GODWIT_BROKEN_RULE"
SWITCH = f"""#include <cstdlib>
[[maybe_unused]] static bool rule_is_broken(int number) {{
  const char* const set = std::getenv("{VARIABLE}");
  return set != nullptr && std::atoi(set) == number;
}}
"""


def numbers(seed):
    """splitmix64, so that the draw is the same everywhere."""
    mask = 2**64 - 1
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & mask
        z = seed
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        yield z ^ z >> 31


def shown_rules():
    """{rule: [(test, file)]} and {rule: its words}, of the rules that tests show."""
    rows = conformance.read_rows()
    words = {f"{v} {r['id']}": r["requirement"] for v in rows for r in rows[v]}
    shown, _ = conformance.scan(set(words))
    return {rule: tests for rule, tests in shown.items() if rule in words}, words


def of_3x(rules):
    """Those of the draw: WebSocket's have tests only since then."""
    return sorted(rule for rule in rules
                  if not rule.startswith(("v5 ", "v311 MQTT-6.0.0-", "v31 M31-ws-")))


def draw(rules):
    left, source = of_3x(rules), numbers(SEED)
    return [left.pop(next(source) % len(left)) for _ in range(COUNT)]


def program_of(file):
    """The test program of a test's file, below the build directory."""
    parts = Path(file).parts
    if parts[1] == "unit":
        return f"tests/unit/{parts[2]}/unit_{parts[2]}"
    if parts[1] == "conformance" and parts[-1].startswith("v5_"):
        return "tests/conformance/conformance_v5"
    return {"conformance": "tests/conformance/conformance",
            "regress": "tests/regress/battery"}.get(parts[1])


def misfits(faults):
    """Faults that do not fit the sources as they are: one line each."""
    for rule, _, file, right, _ in faults:
        count = (ROOT / "src" / file).read_text(encoding="utf-8").count(right)
        if count != 1:
            yield f"{rule}: the right code stands {count} times in {file}"


def plant(faults):
    """Puts all faults in; returns {path: text before}."""
    wrong_ones = [*misfits(faults)]
    if wrong_ones:
        raise SystemExit("\n".join(wrong_ones))
    before = {}
    for number, (_, _, file, right, wrong) in enumerate(faults, 1):
        path = ROOT / "src" / file
        text = path.read_text(encoding="utf-8")
        before.setdefault(path, text)
        wrong = wrong.replace("BROKEN", f"rule_is_broken({number})")
        path.write_text(text.replace(right, wrong), encoding="utf-8")
    for path in before:
        path.write_text(SWITCH + path.read_text(encoding="utf-8"), encoding="utf-8")
    return before


def failures(build, tests, number):
    """Names of the tests that fail with this fault (0: none); a crash counts for all that ran."""
    failed = set()
    for program in sorted({program_of(file) for _, file in tests} - {None}):
        wanted = ":".join(f"*{test}*" for test, file in tests if program_of(file) == program)
        done = subprocess.run([str(build / program), f"--gtest_filter={wanted}", "--gtest_brief=1"],
                              env={**os.environ, VARIABLE: str(number)}, capture_output=True,
                              text=True, errors="replace")
        found = re.findall(r"^\[  FAILED  \] (?:\w+/)?(\w+\.\w+)", done.stdout, re.MULTILINE)
        if done.returncode != 0 and not found:
            found = [f"{test} (stops)" for test, file in tests if program_of(file) == program][:1]
        failed.update(found)
    return sorted(failed)


def run(build, rules, faults):
    programs = {program_of(file) for fault in faults for _, file in rules[fault[0]]} - {None}
    before = plant(faults)
    try:
        subprocess.run(["cmake", "--build", str(build), "--target",
                        *(Path(p).name for p in sorted(programs))], check=True,
                       stdout=subprocess.DEVNULL)
        return report(build, rules, faults)
    finally:
        for path, text in before.items():
            path.write_text(text, encoding="utf-8")


def report(build, rules, faults):
    passed = 0
    print("| Rule | Broken so that | Caught by |\n|---|---|---|")
    for number, (rule, what, *_) in enumerate(faults, 1):
        wrongly = failures(build, rules[rule], 0)
        caught = failures(build, rules[rule], number)
        by = ", ".join(f"`{test}`" for test in caught) or "**nothing**"
        if wrongly:
            by = f"fails without the fault, too: {wrongly}"
        passed += not caught or bool(wrongly)
        print(f"| {rule} | {what} | {by} |", flush=True)
    print(f"\n{len(faults) - passed} of {len(faults)} caught")
    return 1 if passed else 0


def main():
    rules, words = shown_rules()
    chosen = draw(rules)
    if sorted(chosen) != sorted(fault[0] for fault in mutants.MUTANTS):
        raise SystemExit("mutants.py does not have the rules of the draw")
    both = [*mutants.MUTANTS, *mutants_v5.MUTANTS]
    if sys.argv[1:] == ["draw"]:
        print(f"seed {SEED}, {COUNT} of {len(of_3x(rules))} rules")
        for rule in chosen:
            print(f"{rule}: {words[rule]}")
        return 0
    if sys.argv[1:] == ["check"]:
        wrong_ones = [*misfits(both), *(f"{fault[0]}: no test names it" for fault in both
                                        if fault[0] not in rules)]
        print("\n".join(wrong_ones) or f"all {len(both)} fit")
        return 1 if wrong_ones else 0
    if sys.argv[1:2] in (["all"], ["v5"]) and len(sys.argv) == 3:
        faults = both if sys.argv[1] == "all" else mutants_v5.MUTANTS
        return run(Path(sys.argv[2]).resolve(), rules, faults)
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
