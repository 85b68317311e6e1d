"""Certificates for the tests of TLS, and a client of few words that speaks it."""

import os
import pathlib
import socket
import ssl
import subprocess
import tempfile

from harness import Broker, loopback_listener
from raw_client import RawClient, connect_packet

SCRIPT = pathlib.Path(os.environ["GODWIT_SOURCE"]) / "packaging/make-test-ca.sh"


class Authority:
    """A directory with an authority and certificates, as packaging/make-test-ca.sh makes it."""

    def __init__(self, *hosts):
        self.directory = tempfile.TemporaryDirectory(prefix="godwit-ca-")
        self.run(*hosts)

    def run(self, *arguments):
        subprocess.run([str(SCRIPT), self.directory.name, *arguments], check=True, timeout=120)

    def path(self, name):
        return os.path.join(self.directory.name, name)

    def client(self, name):
        self.run("client", name)
        return self.path(name + ".pem"), self.path(name + ".key")

    def tls(self, name="server", **more):
        """The `tls` section of a listener."""
        return {"certificate": self.path(name + ".pem"), "key": self.path(name + ".key"), **more}

    def close(self):
        self.directory.cleanup()


def tls_broker(tls, **config):
    """A broker whose first listener has TLS and whose second one is plain."""
    return Broker(config={"listeners": [loopback_listener(name="tls", tls=tls),
                                        loopback_listener(name="plain")], **config})


def client_context(authority, version=None, certificate=None):
    context = ssl.create_default_context(cafile=authority.path("ca.pem"))
    if version is not None:
        context.minimum_version = context.maximum_version = version
    if certificate is not None:
        context.load_cert_chain(*certificate)
    return context


class TlsClient(RawClient):
    """RawClient over TLS. An end without close_notify is an error (ssl.SSLEOFError)."""

    def __init__(self, port, context, client_id, host="localhost", session=None, clean=True):
        plain = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.address = "%s:%d" % plain.getsockname()[:2]
        self.socket = context.wrap_socket(plain, server_hostname=host, session=session,
                                          suppress_ragged_eofs=False)
        self.socket.sendall(connect_packet(client_id, clean))
        assert self.read(4)[3] == 0, "refused"
