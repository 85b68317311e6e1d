#!/usr/bin/env python3
"""Checks that every server-side statement of MQTT 3.1, 3.1.1 and 5.0 has a test; writes the list.

    list.py            check; exit status 1 and one line per finding when something is wrong
    list.py --write    the same, and write docs/conformance.md anew first

A test names a statement in a line `clause("v311 MQTT-3.1.2-24");`. The statements stand in
rows_v31.tsv, rows_v311.tsv and rows_v5.tsv (our own words; the standard decides), those that cannot
be shown yet in waiting.tsv with what they wait for.
"""

import re
import sys
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
DOCUMENT = TESTS.parent / "docs" / "conformance.md"
VERSIONS = {"v31": "MQTT 3.1", "v311": "MQTT 3.1.1", "v5": "MQTT 5.0"}
CLAUSES_PER_TEST = 3

CPP_MARK = re.compile(
    r'^\s*(?:TEST|TEST_F|TEST_P|TYPED_TEST)\(\s*(?P<suite>\w+)\s*,\s*(?P<name>\w+)\s*\)'
    r'|\bclause\(\s*"(?P<id>[^"]*)"\s*\)', re.MULTILINE)
PY_MARK = re.compile(
    r'^(?P<suite>)\s*def (?P<name>test_\w+)\(|\bclause\(\s*"(?P<id>[^"]*)"\s*\)', re.MULTILINE)


def read_table(path, columns):
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines[0].split("\t") != columns:
        raise SystemExit(f"{path}: the header must be {' '.join(columns)}")
    rows = []
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise SystemExit(f"{path}:{number}: {len(cells)} cells instead of {len(columns)}")
        rows.append(dict(zip(columns, cells)))
    return rows


def read_rows():
    columns = ["id", "section", "role", "server_side", "requirement"]
    return {v: read_table(HERE / f"rows_{v}.tsv", columns) for v in VERSIONS}


def clauses_of(path):
    """Yields (test, id, line) for each clause() call; test is None outside of any."""
    test = None
    text = path.read_text(encoding="utf-8")
    for mark in (CPP_MARK if path.suffix == ".cpp" else PY_MARK).finditer(text):
        if mark["id"] is None:
            test = ".".join(filter(None, (mark["suite"], mark["name"])))
        else:
            yield test, mark["id"], text.count("\n", 0, mark.start("id")) + 1


def scan(known):
    """Returns {id: [(test, file)]} and the findings."""
    shown, findings = defaultdict(list), []
    per_test = defaultdict(set)
    for path in sorted([*TESTS.rglob("*.cpp"), *TESTS.rglob("*.py")]):
        if path == Path(__file__).resolve():
            continue
        file = path.relative_to(TESTS.parent).as_posix()
        for test, id_, line in clauses_of(path):
            version = id_.split(" ")[0]
            if version in VERSIONS and id_ not in known:
                findings.append(f"{file}:{line}: unknown statement '{id_}'")
            elif version not in VERSIONS:
                findings.append(f"{file}:{line}: '{id_}' names no version")
            if test is None:
                findings.append(f"{file}:{line}: clause() outside of a test")
                continue
            per_test[file, test].add(id_)
            if (test, file) not in shown[id_]:
                shown[id_].append((test, file))
    for (file, test), ids in per_test.items():
        if len(ids) > CLAUSES_PER_TEST:
            findings.append(f"{file}: {test} names {len(ids)} statements, "
                            f"at most {CLAUSES_PER_TEST} are allowed")
    return shown, findings


def check(rows, waiting, shown):
    findings = []
    server_side = {f"{v} {r['id']}" for v in rows for r in rows[v] if r["server_side"] == "yes"}
    for id_ in waiting:
        if id_ not in server_side:
            findings.append(f"waiting.tsv: '{id_}' is not a server-side statement")
        elif id_ in shown:
            findings.append(f"waiting.tsv: '{id_}' has a test: {shown[id_][0][0]}")
    for id_ in sorted(server_side):
        if id_ not in shown and id_ not in waiting:
            findings.append(f"'{id_}' has no test and is not in waiting.tsv")
    return findings


def document(rows, waiting, shown):
    out = ["# Conformance", "",
           "Written by `tests/conformance/list.py --write` from the `clause()` lines of the tests;",
           "the test `conformance_list` fails when it is out of date. The requirements are in our",
           "own words; where one is unclear, the standard decides. \"-\" marks what binds clients",
           "only or does not apply.", ""]
    for version, title in VERSIONS.items():
        mine = [(f"{version} {r['id']}", r) for r in rows[version]]
        bound = [i for i, r in mine if r["server_side"] == "yes"]
        out += [f"## {title}", "",
                f"{len(mine)} statements, {len(bound)} of them bind a server: "
                f"{sum(i in shown for i in bound)} shown by tests, "
                f"{sum(i in waiting for i in bound)} waiting.", "",
                "| Statement | Section | Requirement | Tests |", "|---|---|---|---|"]
        for id_, row in mine:
            if id_ in shown:
                proof = "<br>".join(f"`{test}`" for test in dict(sorted(shown[id_])))
            elif id_ in waiting:
                proof = "waits for " + waiting[id_]
            else:
                proof = "-"
            text = row["requirement"].replace("|", "\\|")
            out.append(f"| {row['id']} | {row['section']} | {text} | {proof} |")
        out.append("")
    return "\n".join(out)


def main():
    rows = read_rows()
    waiting = {r["id"]: r["waits_for"] for r in read_table(HERE / "waiting.tsv",
                                                           ["id", "waits_for"])}
    known = {f"{v} {r['id']}" for v in rows for r in rows[v]}
    shown, findings = scan(known)
    findings += check(rows, waiting, shown)
    text = document(rows, waiting, shown)
    if "--write" in sys.argv[1:]:
        DOCUMENT.parent.mkdir(exist_ok=True)
        DOCUMENT.write_text(text, encoding="utf-8")
    elif not DOCUMENT.exists() or DOCUMENT.read_text(encoding="utf-8") != text:
        findings.append("docs/conformance.md is out of date: run tests/conformance/list.py --write")
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings" if findings else "every statement is accounted for")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
