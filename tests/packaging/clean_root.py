"""Debian packages of this source, and clean Debians to install them in."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GODWIT_SOURCE", pathlib.Path(__file__).parents[2]))
MIRROR = os.environ.get("GODWIT_MIRROR", "http://deb.debian.org/debian")
NEEDED = ["debootstrap", "dpkg-buildpackage", "dh", "chroot"]
# The clients and helpers of the integration tests.
os.environ.setdefault("GODWIT_SOURCE", str(SOURCE))
sys.path.insert(0, str(SOURCE / "tests/integration"))
PATHS = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}


def run(*command, **how):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False, **how)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


def build(directory, version):
    environment = {**os.environ, "GODWIT_VERSION": version}
    run(str(SOURCE / "packaging/build-deb.sh"), directory, env=environment)
    return next(pathlib.Path(directory).glob(f"godwit_{version}_*.deb"))


class CleanRoot(unittest.TestCase):
    """One root for the tests of a class, with the least of Debian and what is in `INCLUDED`."""

    TOOLS = ()
    INCLUDED = ()

    @classmethod
    def setUpClass(cls):
        if os.geteuid() != 0:
            raise unittest.SkipTest("chroot needs root")
        missing = [tool for tool in (*NEEDED, *cls.TOOLS) if not shutil.which(tool)]
        if missing:
            raise unittest.SkipTest("missing: " + " ".join(missing))
        directory = tempfile.TemporaryDirectory(prefix="godwit-package-")
        cls.addClassCleanup(directory.cleanup)
        cls.directory = pathlib.Path(directory.name)
        cls.root = cls.directory / "root"
        included = ["--include=" + ",".join(cls.INCLUDED)] if cls.INCLUDED else []
        run("debootstrap", "--variant=minbase", *included, "bookworm", str(cls.root), MIRROR)
        # Nothing starts by itself in there.
        policy = cls.root / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)

    @classmethod
    def change_root(cls, *command):
        return run("chroot", str(cls.root), *command,
                   env={**PATHS, "DEBIAN_FRONTEND": "noninteractive"})

    @classmethod
    def install(cls, package):
        shutil.copy(package, cls.root / "tmp")
        cls.change_root("apt-get", "install", "-y", "--no-install-recommends",
                        f"/tmp/{package.name}")
