#!/usr/bin/env python3
"""Compares what the broker logs at the levels warn and error with the table of
docs/operations.md, "By line of the log": each such event has a row, and each row an event. Prints
one line for each difference and ends with status 1 if there is any.

    check_events.py ROOT
"""

import re
import sys
from pathlib import Path

DOCUMENT = "docs/operations.md"
SECTION = "## By line of the log"
EVENT = r'"([a-z_]+\.[a-z_]+)"'

# `log.warn("event"`, and the level as a value with the event behind it in the same statement.
CALL = re.compile(r"\b\w*log\w*\s*\.\s*(?:warn|error)\(")
LEVEL = re.compile(r"\blog_level::(?:warn|error)\b")

# Functions that log what they are given, by their file: how their callers name the event. What
# has a level and no event elsewhere is an error, so that no way to log escapes.
WRAPPERS = {
    "src/net/acceptor.cpp": r"\b(?:rest|warn|refusal)\s*[({][^;]*?" + EVENT,
    "src/broker/route.cpp": r"\blog_refusal\([^;]*?" + EVENT,
    "src/store_rocksdb/committer.cpp": r"\bset_state\([^;]*?" + EVENT,
}
# These name levels, and log nothing.
NAMES_LEVELS = {"src/observe/log.cpp", "src/observe/log_format.cpp", "src/config/schema.cpp"}


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def statement_from(text, at):
    end = text.find(";", at)
    return text[at:end if end != -1 else len(text)]


def events_of(path, text, problems):
    """The events at warn and error in one source file; what cannot be told is a problem."""
    found = set()
    text = without_comments(text)
    for match in list(CALL.finditer(text)) + list(LEVEL.finditer(text)):
        statement = statement_from(text, match.start())
        event = re.search(EVENT, statement)
        if event:
            found.add(event[1])
        elif path not in WRAPPERS and path not in NAMES_LEVELS:
            line = text.count("\n", 0, match.start()) + 1
            problems.append(f"{path}:{line}: logs at warn or error, and no event is named; add "
                            "the function to WRAPPERS of check_events.py")
    if path in WRAPPERS:
        found.update(m[1] for m in re.finditer(WRAPPERS[path], text))
    return found


def logged_events(root, problems):
    found = {}
    for file in sorted((root / "src").rglob("*.[ch]pp")):
        path = str(file.relative_to(root))
        for event in events_of(path, file.read_text(encoding="utf-8"), problems):
            found.setdefault(event, path)
    return found


def documented_events(root):
    """Those in the first column of the table."""
    text = (root / DOCUMENT).read_text(encoding="utf-8")
    section = text.split(SECTION + "\n", 1)[1].split("\n## ", 1)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {event for row in rows for event in re.findall(r"`([a-z_]+\.[a-z_]+)", row)}


def check(root):
    problems = []
    logged = logged_events(root, problems)
    documented = documented_events(root)
    for event in sorted(set(logged) - documented):
        problems.append(f"{logged[event]}: {event} has no row in {DOCUMENT}, \"{SECTION[3:]}\"")
    sources = "".join(file.read_text(encoding="utf-8")
                      for file in sorted((root / "src").rglob("*.[ch]pp")))
    for event in sorted(documented):
        if f'"{event}"' not in sources:
            problems.append(f"{DOCUMENT}: {event} is an event of no source")
    return problems


if __name__ == "__main__":
    found = check(Path(sys.argv[1]))
    print("\n".join(found), end="\n" if found else "")
    sys.exit(1 if found else 0)
