"""MQTT.js in a page of a real browser: Debian's Chromium, without a window, over ws and wss."""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import queue
import shutil
import subprocess
import tempfile
import threading
import unittest

from harness import Broker, loopback_listener
from tls_world import Authority

SCRIPT = pathlib.Path(os.environ.get("GODWIT_MQTTJS", "")) / "node_modules/mqtt/dist/mqtt.min.js"
TIMEOUT_S = 60

# Connects, subscribes, publishes and waits for its own message; tells the server how it went.
PAGE = """<!doctype html><script src="/mqtt.js"></script><script>
const { url, version } = %s
const tell = (what) => fetch('/told', { method: 'POST', body: JSON.stringify(what) })
const payload = 'x'.repeat(100000)
const client = mqtt.connect(url, { protocolVersion: version, reconnectPeriod: 0,
  connectTimeout: 20000, clientId: 'page-' + version })
client.on('connect', () => client.subscribe('page/#', { qos: 1 }, (error, granted) => {
  if (error) return tell({ error: String(error) })
  client.publish('page/a', payload, { qos: 1 })
}))
client.on('message', (topic, message) => {
  tell({ topic, same: message.toString() === payload, agent: navigator.userAgent })
  client.end()
})
client.on('error', (error) => tell({ error: String(error) }))
client.on('close', () => tell({ closed: true }))
</script>"""


class Site(http.server.ThreadingHTTPServer):
    """Serves the page and takes down what it tells."""

    def __init__(self):
        self.told = queue.Queue()
        self.page = ""
        super().__init__(("127.0.0.1", 0), Request)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Request(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        files = {"/": ("text/html", self.server.page.encode()),
                 "/mqtt.js": ("text/javascript", SCRIPT.read_bytes())}
        kind, body = files.get(self.path, ("text/plain", b""))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.server.told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


@unittest.skipUnless(shutil.which("chromium"), "chromium is not installed "
                     "(packaging/install-build-deps.sh all)")
class Chromium(unittest.TestCase):
    def setUp(self):
        self.site = Site()
        self.addCleanup(self.site.server_close)
        self.addCleanup(self.site.shutdown)
        self.origin = f"http://localhost:{self.site.server_port}"
        self.authority = Authority()
        self.addCleanup(self.authority.close)

    def listener(self, name, **more):
        return loopback_listener(name=name, websocket={"path": "/mqtt", "origins": [self.origin]},
                                 **more)

    def key_digest(self):
        """What tells Chromium to trust the test's certificate, and no other."""
        public = subprocess.run(
            ["openssl", "x509", "-in", self.authority.path("server.pem"), "-pubkey", "-noout"],
            check=True, capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public,
                             check=True, capture_output=True).stdout
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def visit(self, url, version, host="localhost"):
        """What the page tells first."""
        self.site.page = PAGE % json.dumps({"url": url, "version": version})
        with tempfile.TemporaryDirectory(prefix="godwit-chromium-",
                                         ignore_cleanup_errors=True) as profile:
            with open(profile + "/log", "w+b") as log:
                browser = subprocess.Popen(
                    ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--disable-background-networking",
                     "--no-first-run", f"--user-data-dir={profile}/user",
                     "--ignore-certificate-errors-spki-list=" + self.key_digest(),
                     f"http://{host}:{self.site.server_port}/"],
                    stdout=log, stderr=log, env={**os.environ, "HOME": profile})
                try:
                    return self.site.told.get(timeout=TIMEOUT_S)
                except queue.Empty:
                    log.seek(0)
                    self.fail("the page told nothing; Chromium said:\n"
                              + log.read().decode("utf-8", "replace")[-4_000:])
                finally:
                    browser.terminate()
                    browser.wait(TIMEOUT_S)
                    while not self.site.told.empty():
                        self.site.told.get()

    def test_a_page_connects_subscribes_and_publishes(self):
        listeners = [self.listener("ws"), self.listener("wss", tls=self.authority.tls())]
        with Broker(config={"shards": 2, "listeners": listeners}) as broker:
            ws, wss = broker.ports()
            for url, version in ((f"ws://localhost:{ws}/mqtt", 4),
                                 (f"wss://localhost:{wss}/mqtt", 5)):
                with self.subTest(url=url, version=version):
                    told = self.visit(url, version)
                    self.assertEqual((told.get("topic"), told.get("same")), ("page/a", True), told)
                    self.assertIn("Chrome/", told["agent"])
                    broker.wait_for("client.connected", client=f"page-{version}")
            # A page from elsewhere, whatever it does, does not come in.
            told = self.visit(f"ws://localhost:{ws}/mqtt", 4, host="127.0.0.1")
            self.assertNotIn("topic", told)
            self.assertEqual(len(broker.lines("client.connected")), 2)


if __name__ == "__main__":
    unittest.main()
