# SPDX-License-Identifier: Apache-2.0
"""weft and curl, as a client of HTTP and of lines."""

import stream_cases
from interop import LARGE, InteropTest, main, missing, pattern
from stream_cases import over_tcp_and_unix


class Client(InteropTest):
    def curl(self, *arguments):
        # -q: without the user's settings; -N: what has come is written at once
        return self.start("curl", "-q", "-sS", "-N", "--noproxy", "*", *arguments)

    def http(self, address, path, *arguments):
        if address.startswith("/"):
            return self.curl("--unix-socket", address, f"http://weft/{path}", *arguments)
        return self.curl(f"http://{address}/{path}", *arguments)

    @over_tcp_and_unix
    def test_a_slow_download(self, kind):
        server = self.listen("http", kind)
        client = self.http(server.address, LARGE)
        self.says(server, "held")
        body, errors = client.communicate()
        self.assertEqual((client.process.returncode, errors), (0, b""))
        self.assertTrue(body == pattern(LARGE))
        self.says(server, f"gave {LARGE} bytes")

    @over_tcp_and_unix
    def test_an_upload(self, kind):
        server = self.listen("http", kind)
        # Without "Expect:" curl would wait a second for a leave that HTTP/1.0 does not know.
        client = self.http(server.address, "", "--data-binary", "@-", "-H", "Expect:")
        body, errors = client.communicate(pattern(LARGE))
        self.assertEqual((client.process.returncode, errors), (0, b""))
        self.assertEqual(body.decode(), f"got {LARGE} bytes")
        self.says(server, f"got {LARGE} bytes")

    def test_lines_over_telnet(self):
        server = self.listen("shout")
        client = stream_cases.ProgramEnd(self.curl(f"telnet://{server.address}"))
        for line in [b"one\n", b"two\r\n", b"x" * 1000 + b"\n"]:
            client.send(line)
            self.assertEqual(client.receive_line(), line.upper())
        client.close()  # curl keeps the connection when its stdin ends
        self.says(server, "answered 3 lines; the rest was ''")


if __name__ == "__main__":
    main(missing("curl"))
