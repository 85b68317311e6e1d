#!/usr/bin/env python3
"""Makes the manual pages from what the programs say of themselves and from the configuration
reference, so that they cannot differ from them.

    make.py OUT godwitd=PATH godwitctl=PATH godwit-bench=PATH reference=docs/configuration.md
"""

import pathlib
import re
import subprocess
import sys

DATE = "2026-11-26"

PAGES = {
    "godwitd": (8, "MQTT broker", """
.SH FILES
.TP
.I /etc/godwit/godwit.yaml
The configuration of the service; see
.BR godwit.yaml (5).
.TP
.I /var/lib/godwit/store
What must not be lost: sessions, their messages, retained messages, wills.
.TP
.I /run/godwit/control
The socket for
.BR godwitctl (1).
""", ["godwit.yaml (5)", "godwitctl (1)", "godwit-bench (1)"]),
    "godwitctl": (1, "ask and tell a running Godwit, change logins, explain rights", """
.SH FILES
.TP
.I /etc/godwit/godwit.yaml
Names the socket when neither
.B --socket
nor
.B --config
is given.
""", ["godwitd (8)", "godwit.yaml (5)"]),
    "godwit-bench": (1, "load generator for MQTT brokers", "", ["godwitd (8)"]),
}


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line
                     for line in text.split("\n"))


def verbatim(text):
    return ".nf\n" + escape(text.strip("\n")) + "\n.fi\n"


def head(name, section, what):
    return (f".TH {name.upper()} {section} {DATE} Godwit \"Godwit manual\"\n.SH NAME\n"
            f"{escape(name)} \\- {escape(what)}\n")


def see_also(pages):
    return ".SH SEE ALSO\n" + " ,\n".join(".BR " + page for page in pages) + "\n"


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def sections_of(text):
    """The help text in blocks: what stands before the first heading, then (heading, lines)."""
    blocks, heading = [], "DESCRIPTION"
    lines = []
    for line in text.split("\n"):
        found = re.fullmatch(r"(\w[^:]*):", line)
        if found and not line.startswith(" "):
            blocks.append((heading, lines))
            heading, lines = found[1].upper(), []
        else:
            lines.append(line)
    blocks.append((heading, lines))
    return [(h, "\n".join(body)) for h, body in blocks if "".join(body).strip()]


def page_of(name, program):
    section, what, tail, also = PAGES[name]
    out = head(name, section, what)
    for heading, body in sections_of(said(program, "--help")):
        out += f".SH \"{escape(heading)}\"\n" + verbatim(body)
    if name == "godwitctl":
        out += ".SH COMMANDS\n"
        for words in commands_of(said(program, "--help")):
            body = said(program, *words.split(), "--help").split("\nExit status:")[0]
            out += f".SS {escape(words)}\n" + verbatim(body)
    return section, out + tail + see_also(also)


def commands_of(help_text):
    """The commands in the summary: lines of two spaces, words in lower case, and an operand."""
    head_part, found, _ = help_text.partition("godwitctl COMMAND --help")
    if not found:
        return []
    return [match[1].strip() for match in re.finditer(r"^  ([a-z]+(?: [a-z]+)?) ", head_part, re.M)]


def reference_page(path):
    out = head("godwit.yaml", 5, "configuration of the MQTT broker godwitd")
    out += (".SH DESCRIPTION\nOne YAML file names what differs from the defaults. A key stands "
            "under its sections, one level a line, each indented below the one before. Durations "
            "are written with ms, s, m, h or d, sizes with B, KiB, MiB, GiB or TiB (powers of "
            "1024) or KB, MB, GB or TB.\n.PP\n")
    out += (escape("godwitd --check --config FILE") + " tells all mistakes of a file. A key that "
            "says reload counts from a reload on, one that says restart from the next start.\n"
            ".SH KEYS\n")
    for line in pathlib.Path(path).read_text().split("\n"):
        found = re.fullmatch(r"\| `([a-z0-9_.\[\]]+)` \| `(.*?)` \| (.*?) \| "
                             r"(reload|restart) \| (.*) \|", line)
        if found:
            key, usual, values, when, meaning = (part.replace("\\|", "|").replace("`", "")
                                                 for part in found.groups())
            out += (f".TP\n.B {escape(key)}\n{escape(meaning)}\n.br\n"
                    f"{escape(values)}; default: {escape(usual)}; {when}\n")
    return out + see_also(["godwitd (8)", "godwitctl (1)"])


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    given = dict(argument.split("=", 1) for argument in sys.argv[2:])
    (out / "godwit.yaml.5").write_text(reference_page(given.pop("reference")))
    for name, program in given.items():
        section, text = page_of(name, program)
        (out / f"{name}.{section}").write_text(text)


if __name__ == "__main__":
    main()
