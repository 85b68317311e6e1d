#!/usr/bin/env python3
"""Makes the completion of bash for godwitctl and godwitd from their help.

    make.py OUT godwitctl=PATH godwitd=PATH
"""

import pathlib
import re
import subprocess
import sys


def said(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def options_of(text):
    return sorted(set(re.findall(r"^  (?:\S, )?(--[a-z-]+)", text, re.M)))


def godwitctl(program):
    everything = said(program, "--help")
    head, found, _ = everything.partition("godwitctl COMMAND --help")
    head = head if found else ""
    commands = [m[1].strip() for m in re.finditer(r"^  ([a-z]+(?: [a-z]+)?) ", head, re.M)]
    second = {}
    for words in commands:
        first, _, rest = words.partition(" ")
        second.setdefault(first, [])
        if rest:
            second[first].append(rest)
    lines = ["_godwitctl() {", "  local word=${COMP_WORDS[COMP_CWORD]} choices=",
             "  if [ \"$COMP_CWORD\" -eq 1 ]; then",
             f"    choices='{' '.join(sorted(second))} --help --version'",
             "  else", "    case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in"]
    for words in sorted(commands, key=lambda w: -len(w)):
        pattern = f"'{words}'" if " " in words else f"'{words} '*"
        first, _, rest = words.partition(" ")
        lines.append(f"      {pattern}) choices='"
                     + " ".join(options_of(said(program, *words.split(), "--help"))) + "' ;;")
    lines += ["    esac", "    if [ \"$COMP_CWORD\" -eq 2 ]; then",
              "      case \"${COMP_WORDS[1]}\" in"]
    lines += [f"        {first}) choices=\"$choices {' '.join(rest)}\" ;;"
              for first, rest in sorted(second.items()) if rest]
    lines += ["      esac", "    fi", "  fi",
              "  mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$word\")", "}",
              "complete -o default -F _godwitctl godwitctl", ""]
    return "\n".join(lines)


def godwitd(program):
    options = " ".join(options_of(said(program, "--help")))
    return "\n".join([
        "_godwitd() {", "  local word=${COMP_WORDS[COMP_CWORD]}", "  local choices=",
        "  case \"$COMP_CWORD ${COMP_WORDS[1]}\" in",
        "    '2 store') choices='verify stats backup restore' ;;",
        f"    1*) choices='store {options}' ;;", f"    *) choices='{options}' ;;", "  esac",
        "  mapfile -t COMPREPLY < <(compgen -W \"$choices\" -- \"$word\")", "}",
        "complete -o default -F _godwitd godwitd", ""])


def main():
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    given = dict(argument.split("=", 1) for argument in sys.argv[2:])
    (out / "godwitctl").write_text(godwitctl(given["godwitctl"]))
    (out / "godwitd").write_text(godwitd(given["godwitd"]))


if __name__ == "__main__":
    main()
