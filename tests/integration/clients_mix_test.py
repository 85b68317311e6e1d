"""All libraries, both versions, on one broker at once: everybody hears everybody."""

import unittest

from clients_balance import BalancedBroker
from clients_driver import LIBRARIES

VERSIONS = ("3.1", "3.1.1")


class Mix(unittest.TestCase):
    def test_everybody_hears_everybody(self):
        for shards in (1, 8):
            with self.subTest(shards=shards), BalancedBroker({"shards": shards}) as broker:
                kinds = [(name, version) for name in LIBRARIES for version in VERSIONS]
                listeners = {kind: self.join(broker, "listener", kind) for kind in kinds}
                sent = []
                for kind in kinds:
                    speaker = self.join(broker, "speaker", kind)
                    for qos in (0, 1, 2):
                        payload = "{} {} at {}".format(*kind, qos).encode()
                        speaker.publish("mix/said", payload, qos)
                        sent.append((qos, payload))
                    speaker.disconnect()
                for kind, listener in listeners.items():
                    with self.subTest(listener=kind):
                        got = [(m.qos, m.payload) for m in listener.take(len(sent))]
                        self.assertEqual(sorted(got), sorted(sent))
                        self.assertEqual(listener.messages, [])
                    listener.disconnect()

    def join(self, broker, role, kind):
        library, version = kind
        client = LIBRARIES[library](broker.port, version)
        self.addCleanup(client.close)
        client.connect(f"{role}-{library}-{version}",
                       subscriptions=[("mix/#" if role == "listener" else "nothing", 2)])
        return client


if __name__ == "__main__":
    unittest.main()
