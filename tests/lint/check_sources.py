#!/usr/bin/env python3
"""Checks what the compiler does not: layers, places of third-party code, and the rules of style
that a machine can see. Prints one line for each violation and ends with status 1 if there is any.

    check_sources.py [--quiet] ROOT
    check_sources.py --compile COMPILER ROOT    # each header alone, instead of the other checks
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# The layers: a module may include itself and the modules it is mapped to, nothing else. This is
# the list of docs/architecture.md; a new arrow is a decision and changes both.
LAYERS = {
    "base": set(),
    "mqtt": {"base"},
    "observe": {"base"},
    "auth": {"mqtt", "base"},
    "auth_http": {"auth", "base"},
    "store": {"mqtt", "base"},
    "routing": {"mqtt", "base"},
    "session": {"auth", "store", "mqtt", "base"},
    "broker": {"session", "routing", "store", "auth", "observe", "mqtt", "base"},
    "net": {"broker", "observe", "mqtt", "base"},
    "store_rocksdb": {"store", "observe", "mqtt", "base"},
    "admin": {"net", "broker", "observe", "base"},
    "config": {"base"},
}
LAYERS["daemon"] = set(LAYERS)

# `config` fills other modules' options and sees nothing else of them.
OPTION_HEADERS = re.compile(r"(\w*options|limits|log)\.hpp")

# Bytes, time and completions come in, effects go out: no thread, file or socket in these.
SANS_IO = {"base", "mqtt", "observe", "auth", "store", "routing", "session", "broker"}
CLOCK_OWNERS = {"net", "daemon"}


def in_source(*modules):
    """Only in the .cpp files (and private headers) of these modules."""
    return lambda module, is_public: module in modules and not is_public


def anywhere_in(*modules):
    return lambda module, is_public: module in modules


def outside(modules):
    return lambda module, is_public: module not in modules


# What an include may name, and where: (pattern, allowed(module, is_public), who may).
INCLUDES = [
    (r"boost/asio\b.*", anywhere_in("net", "admin", "auth_http", "daemon"),
     "net, admin, auth_http and daemon"),
    (r"boost/json\b.*", in_source("auth", "auth_http", "daemon"),
     "src/auth, src/auth_http and src/daemon"),
    (r"boost/(?!asio\b|json\b|assert/|system/|unordered/|intrusive/|container/).*",
     outside(SANS_IO), "modules above broker"),
    (r"thread|mutex|shared_mutex|condition_variable|future|stop_token|semaphore|latch|barrier",
     outside(SANS_IO), "modules above broker"),
    (r"fstream|iostream|filesystem", outside(SANS_IO), "modules above broker"),
    (r"unistd\.h|fcntl\.h|poll\.h|signal\.h|csignal|pthread\.h|time\.h|sys/.*|netinet/.*|arpa/.*",
     outside(SANS_IO), "modules above broker"),
    (r"spdlog/.*|fmt/.*", in_source("observe"), "src/observe"),
    (r"yaml-cpp/.*", in_source("config"), "src/config"),
    (r"rocksdb/.*", in_source("store_rocksdb"), "src/store_rocksdb"),
    (r"openssl/.*",
     lambda module, is_public: module == "net" or module == "auth" and not is_public,
     "net and src/auth"),
    (r"sodium\.h", in_source("auth"), "src/auth"),
]

NO_CLOCK = "the time is an argument; only net and daemon read a clock"

# Words in code (comments and literals aside), and where they may stand.
WORDS = [
    (r"::now\s*\(", anywhere_in(*CLOCK_OWNERS), NO_CLOCK),
    (r"\b(clock_gettime|gettimeofday|timespec_get)\b|\btime\s*\(\s*(nullptr|NULL|0)\s*\)",
     anywhere_in(*CLOCK_OWNERS), NO_CLOCK),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|::sleep\s*\(", anywhere_in(*CLOCK_OWNERS),
     "only net and daemon may wait"),
    (r"\brandom_device\b|\bgetrandom\b|\bgetentropy\b", anywhere_in(*CLOCK_OWNERS),
     "randomness comes in through a constructor"),
    (r"\bthread_local\b", lambda module, is_public: False, "no thread_local"),
    (r"\b(enable_)?shared_from_this\b", lambda module, is_public: False,
     "one owner, no shared_from_this"),
    (r"^\s*using namespace [^;]*;", lambda module, is_public: not is_public,
     "no using namespace in a header"),
]

# Exceptions: (file, what it may include or say) with the reason.
EXCEPTIONS = {
    # The engine is the one thing all shards share; it stands for a disk and its committer.
    ("src/store/memory_store.cpp", "mutex"),
    ("src/store/memory_store.cpp", "shared_mutex"),
    # Writes lines on spdlog's thread.
    ("src/observe/log_sink.cpp", "fcntl.h"),
    ("src/observe/log_sink.cpp", "unistd.h"),
    ("src/observe/journal_socket.cpp", "sys/socket.h"),
    ("src/observe/journal_socket.cpp", "sys/un.h"),
    ("src/observe/journal_socket.cpp", "unistd.h"),
}

LINES_WARN = 300
LINES_MAX = 500
COLUMNS_MAX = 100
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
WORKPLACE = re.compile(r"(?<![\w.])/wor" r"k/")
SKIPPED = {".git", "build", "node_modules", "__pycache__"}
TEXT = {".hpp", ".cpp", ".py", ".sh", ".md", ".txt", ".cmake", ".yaml", ".yml", ".json", ".service",
        ".js", ".c", ".h", ".tsv", ""}
CODE = {".hpp", ".cpp", ".py"}

INCLUDE_LINE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
NOT_CODE = re.compile(
    r'R"(?P<mark>[^()\\ ]*)\(.*?\)(?P=mark)"'  # raw string
    r'|//[^\n]*|/\*.*?\*/'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",  # not the separator of digits
    re.DOTALL)


class Checker:
    def __init__(self, root):
        self.root = Path(root)
        self.errors = []
        self.warnings = []

    def error(self, path, line, text):
        self.errors.append(f"{path.relative_to(self.root)}:{line}: {text}")

    def run(self):
        for path in text_files(self.root):
            text = path.read_text(encoding="utf-8", errors="replace")
            self.check_text(path, text)
            module, is_public = module_of(path.relative_to(self.root))
            if module is None:
                continue
            if path.name == "CMakeLists.txt":
                self.check_links(path, text, module)
            elif path.suffix in (".hpp", ".cpp"):
                self.check_code(path, text, module, is_public)
        return not self.errors

    def check_text(self, path, text):
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if UNFINISHED.search(line):
                self.error(path, number, "unfinished work is an issue, not a comment")
            if WORKPLACE.search(line):
                self.error(path, number, "a path of the machine it was written on")
            if path.suffix in CODE and len(line) > COLUMNS_MAX:
                self.error(path, number, f"{len(line)} columns, more than {COLUMNS_MAX}")
        if path.suffix in CODE and len(lines) - 1 > LINES_MAX:
            self.error(path, LINES_MAX, f"{len(lines) - 1} lines, more than {LINES_MAX}")
        elif path.suffix in CODE and len(lines) - 1 > LINES_WARN:
            name = path.relative_to(self.root)
            self.warnings.append(f"{name}: {len(lines) - 1} lines, more than {LINES_WARN}")

    def check_code(self, path, text, module, is_public):
        if module not in LAYERS:
            self.error(path, 1, f"module '{module}' is not in the list of layers")
            return
        if not re.fullmatch(r"[a-z][a-z0-9_]*\.[ch]pp", path.name):
            self.error(path, 1, "a file's name is snake_case")
        if path.suffix == ".hpp" and "#pragma once" not in text:
            self.error(path, 1, "no #pragma once")
        for match in INCLUDE_LINE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            self.check_include(path, line, match[1], match[2], module, is_public)
        code = without_comments_and_literals(text)
        for pattern, is_allowed, why in WORDS:
            for match in re.finditer(pattern, code, re.MULTILINE):
                if not is_allowed(module, is_public) and not self.is_excepted(path, match[0]):
                    line = code.count("\n", 0, match.start()) + 1
                    self.error(path, line, f"'{match[0].strip()}': {why}")

    def check_include(self, path, line, quote, name, module, is_public):
        if quote == '"':
            if is_public or not (path.parent / name).is_file() or ".." in name:
                self.error(path, line, f'"{name}": quotes are for private headers of one module')
            return
        if name.startswith("godwit/"):
            parts = name.split("/")
            other, file = parts[1], "/".join(parts[2:])
            is_options = module == "config" and OPTION_HEADERS.fullmatch(file)
            if other != module and other not in LAYERS[module] and not is_options:
                self.error(path, line, f"{module} must not include {other} ({name})")
            return
        for pattern, is_allowed, who in INCLUDES:
            if re.fullmatch(pattern, name) and not is_allowed(module, is_public):
                if not self.is_excepted(path, name):
                    self.error(path, line, f"<{name}> only in {who}")

    def check_links(self, path, text, module):
        for match in re.finditer(r"\bgodwit_([a-z_]+)\b", text):
            other = match[1]
            # `config` fills options that live in other modules' headers.
            if other not in LAYERS or other == module or module in ("config", "daemon"):
                continue
            if other not in LAYERS.get(module, set()):
                line = text.count("\n", 0, match.start()) + 1
                self.error(path, line, f"{module} must not link {other}")

    def is_excepted(self, path, what):
        return (path.relative_to(self.root).as_posix(), what) in EXCEPTIONS


def text_files(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for file in sorted(files):
            path = Path(folder, file)
            if path.suffix in TEXT and path.is_file() and b"\0" not in path.read_bytes()[:8192]:
                yield path


def module_of(path):
    """The module that a path below the root belongs to, and whether it is its public face."""
    parts = path.parts
    if len(parts) > 3 and parts[:2] == ("include", "godwit"):
        return parts[2], True
    if len(parts) > 2 and parts[0] == "src":
        return parts[1], False
    return None, False


def without_comments_and_literals(text):
    return NOT_CODE.sub(lambda m: "\n" * m[0].count("\n"), text)


def compile_headers(root, command):
    """Compiles each public header alone; returns the output of those that fail."""
    headers = sorted(Path(root, "include").rglob("*.hpp"))

    def compile_one(header):
        done = subprocess.run(
            [*command, "-std=c++20", "-fsyntax-only", "-I", str(Path(root, "include")), "-x",
             "c++", "-include", str(header), "/dev/null"],
            capture_output=True, text=True, check=False)
        return done.stderr if done.returncode != 0 else ""

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [output for output in pool.map(compile_one, headers) if output]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compile", metavar="COMPILER")
    parser.add_argument("--quiet", action="store_true", help="no warnings")
    parser.add_argument("root")
    options = parser.parse_args()
    if options.compile:
        failures = compile_headers(options.root, [options.compile])
        print("\n".join(failures), end="")
        return 1 if failures else 0
    checker = Checker(options.root)
    is_clean = checker.run()
    if not options.quiet:
        for warning in checker.warnings:
            print(f"warning: {warning}")
    for error in checker.errors:
        print(error)
    return 0 if is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
