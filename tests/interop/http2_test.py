# SPDX-License-Identifier: Apache-2.0
"""weft's HTTP client over HTTP/2, and the servers that others use: nginx, nghttpd, Node."""

import shutil

import certificates
import nginx
from fetching import NOISE, SIZE, ClientTest, wait_for_port
from interop import main, missing, pattern

NGHTTPD = shutil.which("nghttpd") or shutil.which("nghttpd", path="/usr/sbin")


class SecureTest(ClientTest):
    def setUp(self):
        super().setUp()
        if certificates.missing():
            self.skipTest(certificates.missing())
        certificates.make(self.folder)

    def fetch(self, *arguments):
        return super().fetch("--cafile", self.folder / "authority.pem", *arguments)


class Nginx(SecureTest):
    def setUp(self):
        super().setUp()
        if nginx.missing():
            self.skipTest(nginx.missing())
        (self.folder / "large").write_bytes(NOISE)

    def serve(self, settings):
        server = nginx.Nginx(self, "http", f"""
            root {self.folder};
            ssl_certificate {self.folder}/server.pem;
            ssl_certificate_key {self.folder}/server.key;
            location /protocol {{ return 200 $server_protocol; }}
            {settings}""", listen="ssl http2")
        return f"https://{server.tcp}"

    def test_files_redirects_compression_and_errors(self):
        url = self.serve("""
            gzip on; gzip_types *; gzip_min_length 1;
            location /moved { return 301 /large; }
            location /busy { return 503 "busy"; }""")
        paths = ["/protocol", "/large", "/moved", "/busy", "/none"]
        for together in ["no", "yes"]:
            lines = self.fetch("--together", together, *[url + path for path in paths])
            self.assertEqual(lines[:4], [
                self.got(200, b"HTTP/2.0", url + "/protocol"),
                self.got(200, NOISE, url + "/large"),
                self.got(200, NOISE, url + "/large"),
                self.got(503, b"busy", url + "/busy"),
            ])
            self.assertRegex(lines[4], "^404 ")
        self.assertEqual(self.fetch("--http2", "never", url + "/protocol"),
                         [self.got(200, b"HTTP/1.1", url + "/protocol")])

    def test_connections_that_it_closes_and_streams_that_it_has_not(self):
        url = self.serve("keepalive_requests 3; http2_max_concurrent_streams 2;") + "/protocol"
        for together in ["no", "yes"]:
            self.assertEqual(self.fetch("--together", together, *100 * [url]),
                             100 * [self.got(200, b"HTTP/2.0", url)])

    def test_many_bodies_at_once(self):
        url = self.serve("") + "/large"
        self.assertEqual(self.fetch("--together", "yes", *40 * [url]),
                         40 * [self.got(200, NOISE, url)])


class Nghttpd(SecureTest):
    def setUp(self):
        super().setUp()
        if not NGHTTPD:
            self.skipTest("nghttpd is not installed (scripts/setup does not: Debian's package starts a server)")
        self.port = self.reserved_port()
        (self.folder / "large").write_bytes(NOISE)

    def serve(self, *arguments):
        self.start(NGHTTPD, "-d", self.folder, "-a", "127.0.0.1", *arguments)
        self.assertTrue(wait_for_port(self.port))
        return f"127.0.0.1:{self.port}"

    def test_files_under_tls(self):
        files = self.folder / "server.key", self.folder / "server.pem"
        url = f"https://{self.serve(self.port, *files)}/large"
        self.assertEqual(self.fetch("--together", "yes", *10 * [url]),
                         10 * [self.got(200, NOISE, url)])

    def test_files_without_tls_where_that_is_known(self):
        url = f"http://{self.serve('--no-tls', '-m', '1', self.port)}/large"
        self.assertEqual(self.fetch("--http2", "prior", "--together", "yes", *10 * [url]),
                         10 * [self.got(200, NOISE, url)])

    def test_uploads_that_come_back(self):
        url = f"http://{self.serve('--no-tls', '--echo-upload', self.port)}/any"
        for how in [[], ["--pieces", "10000"], ["--expect", "yes"]]:
            self.assertEqual(
                self.fetch("--http2", "prior", "--post", str(SIZE), *how, url, url),
                2 * [self.got(200, pattern(SIZE), url)])


NODE = """
const http2 = require('http2');
const files = require('fs');
const folder = process.argv[1];
const options = { key: files.readFileSync(folder + '/server.key'), cert: files.readFileSync(folder + '/server.pem'),
                  allowHTTP1: true, settings: { maxConcurrentStreams: 5 } };
http2.createSecureServer(options, (request, response) => {
  if (request.url == '/refused') {
    response.writeHead(413);
    response.end(request.httpVersion);
  } else if (request.method == 'POST') {
    request.pipe(response);
  } else if (request.url == '/lost') {
    response.write('a part');
    setImmediate(() => request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR));
  } else {
    for (let i = 0; i < 1000; ++i) response.write('line ' + i + '\\n');
    response.addTrailers({ 'X-Sum': '7' });
    response.end();
  }
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
"""


class Node(SecureTest):
    def setUp(self):
        super().setUp()
        if missing("node"):
            self.skipTest(missing("node"))
        program = self.start("node", "-e", NODE, self.folder)
        self.url = f"https://127.0.0.1:{program.line()}"

    def test_bodies_with_trailers(self):
        url = self.url + "/"
        body = b"".join(b"line %d\n" % i for i in range(1000))
        for together in ["no", "yes"]:
            self.assertEqual(self.fetch("--together", together, *30 * [url]),
                             30 * [self.got(200, body, url)])

    def test_uploads_that_come_back(self):
        url = self.url + "/"
        for how in [[], ["--pieces", "10000"], ["--expect", "yes"]]:
            self.assertEqual(
                self.fetch("--together", "yes", "--post", str(SIZE), *how, *3 * [url]),
                3 * [self.got(200, pattern(SIZE), url)])

    def test_an_upload_that_it_refuses_and_a_body_that_it_loses(self):
        lines = self.fetch("--post", str(SIZE), "--pieces", "10000", *2 * [self.url + "/refused"])
        self.assertEqual(lines, 2 * [self.got(413, b"2.0", self.url + "/refused")])
        lines = self.fetch(self.url + "/lost", self.url + "/")
        self.assertEqual(lines[0], "http::ClientPayloadError: the server has reset the stream: INTERNAL_ERROR")
        self.assertRegex(lines[1], "^200 ")


if __name__ == "__main__":
    main()
