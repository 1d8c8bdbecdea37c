# SPDX-License-Identifier: Apache-2.0
"""weft's HTTP client and servers that others wrote: Python's, nginx, Node's."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import nginx
from fetching import NOISE, SIZE, ClientTest
from interop import main, missing, pattern


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, body, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.peers.add(self.client_address)
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in [b"hello ", b"chunked ", b"world"]:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
        elif self.path == "/gzip":
            self.answer(gzip.compress(NOISE), Content_Encoding="gzip")
        elif self.path == "/moved":
            self.answer(b"moved", 302, Location="/large", Set_Cookie="seen=1; Path=/")
        elif self.path == "/cookie":
            self.answer(self.headers.get("Cookie", "none").encode())
        elif self.path == "/close":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"until the end")
        else:
            self.answer(pattern(SIZE))

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))


class Python(ClientTest):
    def setUp(self):
        super().setUp()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.peers = set()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self.server.server_port}"

    def test_bodies_of_each_kind_over_one_connection(self):
        paths = ["/large", "/chunked", "/gzip", "/moved", "/cookie", "/close"]
        lines = self.fetch(*[self.url + path for path in paths])
        large = pattern(SIZE)
        self.assertEqual(lines, [
            self.got(200, large, self.url + "/large"),
            self.got(200, b"hello chunked world", self.url + "/chunked"),
            self.got(200, NOISE, self.url + "/gzip"),
            self.got(200, large, self.url + "/large"),
            self.got(200, b"seen=1", self.url + "/cookie"),
            self.got(200, b"until the end", self.url + "/close"),
        ])
        self.assertEqual(len(self.server.peers), 1)

    def test_a_large_upload(self):
        lines = self.fetch("--post", SIZE, self.url + "/", self.url + "/")
        self.assertEqual(lines, 2 * [self.got(200, pattern(SIZE), self.url + "/")])


class NginxServer(ClientTest):
    def setUp(self):
        super().setUp()
        if nginx.missing():
            self.skipTest(nginx.missing())

    def test_files_redirects_compression_and_errors(self):
        (self.folder / "large").write_bytes(pattern(SIZE))
        server = nginx.Nginx(self, "http", f"""
            root {self.folder};
            gzip on; gzip_types *; gzip_min_length 1;
            location /moved {{ return 301 /large; }}
            location /busy {{ return 503 "busy"; }}
            location /loop {{ return 302 /loop; }}""")
        url = f"http://{server.tcp}"
        lines = self.fetch(*[url + path for path in ["/large", "/moved", "/busy", "/loop", "/none"]])
        self.assertEqual(lines[:3], [
            self.got(200, pattern(SIZE), url + "/large"),
            self.got(200, pattern(SIZE), url + "/large"),
            self.got(503, b"busy", url + "/busy"),
        ])
        self.assertRegex(lines[3], "^http::TooManyRedirects: 302, ")
        self.assertRegex(lines[4], "^404 ")
        self.assertEqual(self.fetch("--unix", server.unix, "http://any/large"),
                         [self.got(200, pattern(SIZE), "http://any/large")])

    def test_connections_that_it_closes_after_some_requests(self):
        (self.folder / "small").write_bytes(b"small")
        server = nginx.Nginx(self, "http", f"root {self.folder}; keepalive_requests 3;")
        url = f"http://{server.tcp}/small"
        self.assertEqual(self.fetch(*10 * [url]), 10 * [self.got(200, b"small", url)])

    def test_it_forwards_as_a_proxy(self):
        (self.folder / "small").write_bytes(b"small")
        behind = nginx.Nginx(self, "http", f"root {self.folder};")
        url = f"http://{behind.tcp}/small"
        proxy = nginx.Nginx(self, "http", """
            location / { proxy_pass http://$http_host$request_uri; }""")
        self.assertEqual(self.fetch("--proxy", f"http://{proxy.tcp}", url),
                         [self.got(200, b"small", url)])


NODE = """
const http = require('http');
http.createServer((request, response) => {
  response.writeHead(200, { Trailer: 'X-Sum' });
  for (let i = 0; i < 1000; ++i) response.write('line ' + i + '\\n');
  response.addTrailers({ 'X-Sum': '7' });
  response.end();
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
"""


class Node(ClientTest):
    def setUp(self):
        super().setUp()
        if missing("node"):
            self.skipTest(missing("node"))

    def test_chunks_and_trailers(self):
        program = self.start("node", "-e", NODE)
        url = f"http://127.0.0.1:{program.line()}/"
        body = b"".join(b"line %d\n" % i for i in range(1000))
        self.assertEqual(self.fetch(url, url), 2 * [self.got(200, body, url)])


if __name__ == "__main__":
    main()
