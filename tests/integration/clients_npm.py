"""Installs MQTT.js, as package-lock.json pins it, into a build directory: clients_npm.py TARGET.

Does nothing when that directory already has it.
"""

import pathlib
import re
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent / "mqttjs"
NODE_MIN = 18
HOW = "install Debian's nodejs and npm (packaging/install-build-deps.sh does)"


def fail(why):
    sys.exit(f"the tests with MQTT.js cannot run: {why}; {HOW}")


def main(target):
    for name in ("node", "npm"):
        if not shutil.which(name):
            fail(f"{name} is not installed")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    if int(re.match(r"v(\d+)", version.stdout).group(1)) < NODE_MIN:
        fail(f"node is {version.stdout.strip()}, and at least v{NODE_MIN} is needed")
    target.mkdir(parents=True, exist_ok=True)
    lock = (SOURCE / "package-lock.json").read_bytes()
    stamp = target / "node_modules" / ".installed-package-lock.json"
    for name in ("package.json", "package-lock.json", ".npmrc", "agent.js", "five.js"):
        shutil.copy(SOURCE / name, target / name)
    if stamp.exists() and stamp.read_bytes() == lock:
        return
    done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=target, check=False)
    if done.returncode != 0:
        fail(f"'npm ci' in {target} ended with {done.returncode}")
    stamp.write_bytes(lock)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
