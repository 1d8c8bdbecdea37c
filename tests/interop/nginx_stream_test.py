# SPDX-License-Identifier: Apache-2.0
"""weft on both sides of nginx as a proxy of plain streams."""

import nginx
from interop import LARGE, InteropTest, main
from stream_cases import over_tcp_and_unix


class Proxy(InteropTest):
    def proxy_of(self, server):
        where = f"unix:{server.address}" if server.address.startswith("/") else server.address
        return nginx.Nginx(self, "stream", f"proxy_pass {where}; proxy_half_close on;")

    @over_tcp_and_unix
    def test_lines_go_there_and_back(self, kind):
        server = self.listen("echo", kind)
        client = self.connect(getattr(self.proxy_of(server), kind), "ask", 200)
        self.says(client, "200 lines came back")
        self.ends(client)
        self.says(server, "echoed 139990 bytes")

    @over_tcp_and_unix
    def test_both_directions_at_once(self, kind):
        server = self.listen("echo", kind)
        client = self.connect(getattr(self.proxy_of(server), kind), "exchange", LARGE)
        self.says(client, f"exchanged {LARGE} bytes")
        self.ends(client)
        self.says(server, f"echoed {LARGE} bytes")

    @over_tcp_and_unix
    def test_a_slow_server_answers_after_the_end(self, kind):
        server = self.listen("receive", kind)
        client = self.connect(getattr(self.proxy_of(server), kind), "send", LARGE)
        report = f"received {LARGE} bytes"
        self.says(server, report)
        self.says(client, f"sent {LARGE} bytes, answered by '{report}'")
        self.ends(client)

    @over_tcp_and_unix
    def test_a_slow_client_answers_after_the_end(self, kind):
        server = self.listen("send", kind, LARGE)
        client = self.connect(getattr(self.proxy_of(server), kind), "receive")
        report = f"received {LARGE} bytes"
        self.says(client, report)
        self.says(server, f"sent {LARGE} bytes, answered by '{report}'")
        self.ends(client)


if __name__ == "__main__":
    main(nginx.missing() or nginx.missing_stream_module())
