# SPDX-License-Identifier: Apache-2.0
"""weft as a client of nginx, and as the server behind it, in HTTP."""

from http.client import HTTPConnection

import nginx
from interop import WAIT_MAX, InteropTest, main, pattern
from stream_cases import over_tcp_and_unix

SIZE = 4 << 20  # bytes: far more than the limit of a StreamReader


class Files(InteropTest):
    @over_tcp_and_unix
    def test_three_requests_over_one_connection(self, kind):
        for size in [1000, SIZE]:
            (self.folder / str(size)).write_bytes(pattern(size))
            server = nginx.Nginx(self, "http", f"root {self.folder};")
            client = self.connect(getattr(server, kind), "get", size)
            self.says(client, f"got {size} bytes three times")
            self.ends(client)


class Proxy(InteropTest):
    def proxy_of(self, server):
        where = f"unix:{server.address}:" if server.address.startswith("/") else server.address
        return nginx.Nginx(self, "http", f"""
            client_max_body_size 0;
            location / {{ proxy_pass http://{where}/; }}""")

    @over_tcp_and_unix
    def test_weft_is_on_both_sides_of_it(self, kind):
        server = self.listen("http", kind)
        proxy = self.proxy_of(server)
        client = self.connect(getattr(proxy, kind), "get", SIZE)
        self.says(client, f"got {SIZE} bytes three times")
        self.ends(client)
        for _ in range(3):
            self.says(server, f"gave {SIZE} bytes")

    @over_tcp_and_unix
    def test_it_sends_an_upload_on(self, kind):
        server = self.listen("http", kind)
        proxy = self.proxy_of(server)
        client = HTTPConnection(proxy.tcp, timeout=WAIT_MAX)
        self.addCleanup(client.close)
        client.request("POST", "/", body=pattern(SIZE))
        self.assertEqual(client.getresponse().read().decode(), f"got {SIZE} bytes")
        self.says(server, f"got {SIZE} bytes")


if __name__ == "__main__":
    main(nginx.missing())
