# SPDX-License-Identifier: Apache-2.0
"""weft's HTTP client, and what stands between it and others: Apache, aiohttp, tinyproxy, microsocks."""

import hashlib
import shutil
import sys
import textwrap

import nginx
from fetching import NOISE, SIZE, ClientTest, wait_for_port
from interop import main, pattern

APACHE = shutil.which("apache2") or shutil.which("apache2", path="/usr/sbin")

SETTINGS = """
ServerRoot {folder}
ServerName localhost
PidFile {folder}/pid
ErrorLog {folder}/errors
Listen 127.0.0.1:{port}
DocumentRoot {folder}/pages
KeepAlive On
MaxKeepAliveRequests 3
{modules}
<Directory {folder}/pages>
    Require all granted
    SetOutputFilter DEFLATE
</Directory>
<Directory {folder}/pages/small>
    LimitRequestBody 1000
</Directory>
<Directory {folder}/pages/guarded>
    AuthType Digest
    AuthName "a realm"
    AuthDigestProvider file
    AuthUserFile {folder}/users
    Require valid-user
</Directory>
Redirect 302 /moved /large
"""
MODULES = ["mpm_event", "authz_core", "authn_core", "authn_file", "authz_user", "auth_digest", "alias", "deflate",
           "filter", "dir"]


class Apache(ClientTest):
    def setUp(self):
        super().setUp()
        if not APACHE:
            self.skipTest("apache2 is not installed (scripts/setup does not: Debian's package starts a server)")
        self.port = self.reserved_port()
        pages = self.folder / "pages"
        for name in ["guarded", "small"]:
            (pages / name).mkdir(parents=True)
        (pages / "large").write_bytes(NOISE)
        (pages / "guarded/page").write_bytes(b"guarded")
        # As `htdigest` writes it.
        line = hashlib.md5(b"ada:a realm:secret").hexdigest()
        (self.folder / "users").write_text(f"ada:a realm:{line}\n")
        modules = "\n".join(
            f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES)
        settings = self.folder / "apache.conf"
        settings.write_text(SETTINGS.format(folder=self.folder, port=self.port, modules=modules))
        self.start(APACHE, "-X", "-f", settings)  # one process, which has no children to leave behind
        self.assertTrue(wait_for_port(self.port))
        self.url = f"http://127.0.0.1:{self.port}"

    def test_files_compression_redirects_and_connections_that_end(self):
        urls = [self.url + path for path in ["/large", "/moved", "/large", "/large", "/large"]]
        lines = self.fetch(*urls)
        self.assertEqual(lines, 5 * [self.got(200, NOISE, self.url + "/large")])

    def test_digest_authentication(self):
        url = self.url + "/guarded/page"
        self.assertEqual(self.fetch("--digest", "ada:secret", *5 * [url]),
                         5 * [self.got(200, b"guarded", url)])
        self.assertRegex(self.fetch("--digest", "ada:wrong", url)[0], "^401 ")
        self.assertRegex(self.fetch(url)[0], "^401 ")

    def test_an_upload_that_it_refuses(self):
        url = self.url + "/small/"
        for more in [["--pieces", 10_000], ["--pieces", 10_000, "--expect", "yes"], []]:
            for line in self.fetch("--post", 3 * SIZE, *more, url, url):
                self.assertRegex(line, "^413 ")


AIOHTTP = textwrap.dedent("""
    import asyncio
    from aiohttp import web

    async def echo(request):
        response = web.StreamResponse()
        await response.prepare(request)
        async for piece in request.content.iter_any():
            await response.write(piece)
        return response

    async def count(request):
        return web.Response(text=str(len(await request.read())))

    async def serve():
        app = web.Application(client_max_size=1 << 30)
        app.router.add_post("/echo", echo)
        app.router.add_post("/count", count)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())
""")


class Aiohttp(ClientTest):
    def setUp(self):
        super().setUp()
        try:
            import aiohttp
        except ImportError:
            self.skipTest("aiohttp is not installed")
        del aiohttp
        self.url = f"http://127.0.0.1:{self.start(sys.executable, '-c', AIOHTTP).line()}"

    def test_uploads_that_come_back_while_they_are_sent(self):
        url = self.url + "/echo"
        expected = 3 * [self.got(200, pattern(SIZE), url)]
        self.assertEqual(self.fetch("--post", SIZE, url, url, url), expected)
        self.assertEqual(self.fetch("--post", SIZE, "--pieces", 10_000, url, url, url), expected)
        self.assertEqual(self.fetch("--post", SIZE, "--pieces", 77, url, url, url), expected)

    def test_uploads_that_wait_to_be_asked_for(self):
        url = self.url + "/count"
        lines = self.fetch("--post", SIZE, "--expect", "yes", url, url)
        self.assertEqual(lines, 2 * [self.got(200, str(SIZE).encode(), url)])


class Proxies(ClientTest):
    def serve(self):
        if nginx.missing():
            self.skipTest(nginx.missing())
        (self.folder / "large").write_bytes(pattern(SIZE))
        return nginx.Nginx(self, "http", f"root {self.folder};")

    def proxy(self, program, *arguments):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")
        self.start(program, *arguments)
        self.assertTrue(wait_for_port(self.port))

    def test_tinyproxy_forwards_for_who_has_a_login(self):
        self.port = self.reserved_port()
        settings = self.folder / "tinyproxy.conf"
        settings.write_text(textwrap.dedent(f"""
            Port {self.port}
            Listen 127.0.0.1
            Timeout 60
            MaxClients 10
            BasicAuth ada secret
        """))
        self.proxy("tinyproxy", "-d", "-c", settings)
        url = f"http://{self.serve().tcp}/large"
        self.assertEqual(self.fetch("--proxy", f"http://ada:secret@127.0.0.1:{self.port}", url, url),
                         2 * [self.got(200, pattern(SIZE), url)])
        self.assertRegex(self.fetch("--proxy", f"http://127.0.0.1:{self.port}", url)[0], "^407 ")

    def test_microsocks_connects_for_who_has_a_login(self):
        self.port = self.reserved_port()
        self.proxy("microsocks", "-i", "127.0.0.1", "-p", self.port, "-u", "ada", "-P", "secret")
        url = f"http://{self.serve().tcp}/large"
        for scheme in ["socks5", "socks5h"]:
            at = f"127.0.0.1:{self.port}"
            self.assertEqual(self.fetch("--proxy", f"{scheme}://ada:secret@{at}", url, url),
                             2 * [self.got(200, pattern(SIZE), url)])
            self.assertRegex(self.fetch("--proxy", f"{scheme}://ada:wrong@{at}", url)[0],
                             "^http::ClientProxyConnectionError: ")


if __name__ == "__main__":
    main()
