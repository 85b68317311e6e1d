"""The programs of docs/clients.md, as they stand there, against the real broker."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import Broker

TEXT = (pathlib.Path(os.environ["GODWIT_SOURCE"]) / "docs/clients.md").read_text()


def program(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"{len(found)} programs in {language}"
    return found[0]


class Programs(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)

    def write(self, name, language):
        path = self.directory / name
        path.write_text(program(language))
        return str(path)

    def run_with(self, command, **environment):
        with Broker() as broker:
            done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False,
                                  env={**os.environ, "PORT": str(broker.port), **environment})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_python(self):
        out = self.run_with(["/usr/bin/python3", self.write("example.py", "python")])
        self.assertEqual(out.splitlines(),
                         ["connected, session present: 0", "received: alarms/door open"])

    def test_javascript(self):
        modules = os.environ.get("GODWIT_MQTTJS", "")
        if not shutil.which("node") or not os.path.isdir(modules + "/node_modules"):
            self.skipTest("MQTT.js is not installed")
        out = self.run_with(["node", self.write("example.js", "javascript")],
                            NODE_PATH=modules + "/node_modules")
        self.assertEqual(out.splitlines(),
                         ["connected, session present: false", "received: alarms/door open"])

    def test_c(self):
        compiler = shutil.which("gcc")
        if not compiler or not os.path.exists("/usr/include/MQTTClient.h"):
            self.skipTest("libpaho-mqtt-dev is not installed")
        program_path = str(self.directory / "example")
        subprocess.run([compiler, "-Wall", "-Werror", self.write("example.c", "c"), "-o",
                        program_path, "-lpaho-mqtt3c"], check=True)
        self.assertEqual(self.run_with([program_path]), "received: alarms/door open\n")

    def test_java(self):
        if not shutil.which("javac") or not os.path.exists("/usr/share/java/mqtt-client.jar"):
            self.skipTest("a JDK or libmqtt-client-java is not installed")
        path = self.write("Example.java", "java")
        command = re.search(r"`(java -cp .*) Example\.java`", TEXT).group(1)
        self.assertEqual(self.run_with(["sh", "-c", f"{command} {path}"]),
                         "received: alarms/door open\n")

    def test_shell(self):
        if not shutil.which("mosquitto_sub"):
            self.skipTest("mosquitto-clients is not installed")
        self.assertEqual(self.run_with(["sh", self.write("example.sh", "sh")]),
                         "alarms/door open\n")


if __name__ == "__main__":
    unittest.main()
