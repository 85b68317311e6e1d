"""What testssl.sh, a scanner for TLS, finds on a listener: nothing above LOW in protocols, ciphers
and vulnerabilities. Takes minutes, so it belongs to check-all; tls_test.py has sslscan in check."""

import json
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from tls_world import Authority, tls_broker

PROGRAM = shutil.which("testssl") or shutil.which("testssl.sh")
GOOD = {"OK", "INFO", "LOW", "DEBUG"}
# About the test's own certificate authority and the scanner's own OpenSSL, not about the broker.
ELSEWHERE = ("cert", "DNS_", "OCSP_", "engine_problem")


@unittest.skipUnless(PROGRAM, "testssl.sh is not installed (packaging/install-build-deps.sh all)")
class Scan(unittest.TestCase):
    def findings(self, authority, port):
        with tempfile.TemporaryDirectory(prefix="godwit-scan-") as directory:
            report = pathlib.Path(directory) / "report.json"
            subprocess.run(
                [PROGRAM, "--quiet", "--warnings", "off", "--color", "0", "--ip", "127.0.0.1",
                 "--add-ca", authority.path("ca.pem"), "--protocols", "--std", "--fs",
                 "--server-preference", "--server-defaults", "--vulnerable",
                 "--jsonfile", str(report), f"localhost:{port}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=600, check=False)
            return json.loads(report.read_text())

    def complete_findings(self, authority, port):
        """A check that could not be made, because the scanner's own connection did not come about
        in time, has said nothing; then the scan is made again."""
        for _ in range(3):
            found = self.findings(authority, port)
            if not any("connect problem" in one["finding"] for one in found):
                return found
        self.fail("the scanner does not get through")

    def test_nothing_above_low(self):
        authority = Authority()
        self.addCleanup(authority.close)
        for certificate in ("server", "server-rsa"):
            with self.subTest(certificate=certificate):
                with tls_broker(authority.tls(certificate)) as broker:
                    found = self.complete_findings(authority, broker.port)
                ids = {one["id"] for one in found}
                for looked_at in ("TLS1", "TLS1_3", "cipherlist_NULL", "heartbleed", "ROBOT",
                                  "secure_client_renego", "CRIME_TLS", "LUCKY13"):
                    self.assertIn(looked_at, ids, "the scan was cut short")
                bad = [one for one in found if one["severity"] not in GOOD
                       and not one["id"].startswith(ELSEWHERE)]
                self.assertEqual(bad, [])


if __name__ == "__main__":
    unittest.main()
