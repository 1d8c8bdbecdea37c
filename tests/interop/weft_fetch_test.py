# SPDX-License-Identifier: Apache-2.0
"""`weft fetch` and servers that others wrote: nginx, Python's. usage: weft_fetch_test.py WEFT [TEST...]"""

import hashlib
import json
import os
import pty
import resource
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer

import nginx
from interop import PEER, WAIT_MAX, InteropTest, main, pattern

WEFT = PEER
SIZE = 4 << 20  # bytes: far more than what lies in the buffers of a connection


class FetchTest(InteropTest):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "out"
        self.served = self.folder / "served"
        self.served.mkdir()

    def run_weft(self, *arguments, code=0, stdin="", **options):
        """Runs it to its end, and returns what it has printed."""
        done = subprocess.run(
            [WEFT, "fetch", "--out", self.out, *map(str, arguments)], input=stdin, text=True,
            capture_output=True, timeout=WAIT_MAX, **options)
        self.assertEqual(done.returncode, code, done)
        return done

    def fetch(self, *arguments, code=0, **options):
        """Returns the results by URL, and the summary."""
        done = self.run_weft("--json", *arguments, code=code, **options)
        *results, summary = map(json.loads, done.stdout.splitlines())
        self.assertEqual({result.pop("type") for result in results}, {"result"})
        self.assertEqual(summary.pop("type"), "summary")
        return {result["url"]: result for result in results}, summary

    def begin(self, *arguments):
        return self.start(WEFT, "fetch", "--out", self.out, *arguments)

    def size_of(self, path):
        try:
            return path.stat().st_size
        except FileNotFoundError:
            return None

    def wait_for_part(self, name, size):
        """Until so many bytes have come."""
        part, end = self.out / (name + ".part"), time.monotonic() + WAIT_MAX
        while (self.size_of(part) or 0) < size:
            self.assertLess(time.monotonic(), end, f"{part} does not grow")
            time.sleep(0.005)

    def names(self):
        return sorted(path.name for path in self.out.iterdir())

    def serve(self, handler, **attributes):
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # of clients that have gone
        server.asked = []
        for name, value in attributes.items():
            setattr(server, name, value)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        return server


class Versions(BaseHTTPRequestHandler):
    """Serves server.content, and knows ranges. Of each answer it sends server.pieces[n] bytes at most, and
    then waits for server.gone, or ends the connection where there is none."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        server, asked = self.server, self.headers
        number = len(server.asked)
        server.asked.append((self.path, asked.get("Range"), asked.get("If-Range")))
        content = server.content
        tag = '"%s"' % hashlib.md5(content).hexdigest()
        first = 0
        if asked.get("Range") and asked.get("If-Range") == tag:
            first = int(asked["Range"].removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("ETag", tag)
        self.send_header("Content-Length", len(content) - first)
        self.end_headers()
        pieces = server.pieces
        if number >= len(pieces):
            self.wfile.write(content[first:])
            return
        self.wfile.write(content[first:first + pieces[number]])
        self.wfile.flush()
        self.close_connection = True
        if getattr(server, "gone", None):
            server.gone.wait(WAIT_MAX)


class Resumes(FetchTest):
    def test_after_a_kill(self):
        server = self.serve(Versions, content=pattern(SIZE), pieces=[SIZE // 2],
                            gone=threading.Event())
        self.addCleanup(server.gone.set)
        url = server.url + "/a.bin"
        program = self.begin(url)
        self.wait_for_part("a.bin", SIZE // 2)
        program.process.kill()
        program.process.wait()
        server.gone.set()
        self.assertEqual(self.names(), ["a.bin.part", "a.bin.part.json"])

        results, summary = self.fetch(url)
        self.assertEqual(self.names(), ["a.bin"])
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE))
        self.assertEqual(results[url], {
            "url": url, "file": str(self.out / "a.bin"), "part": None, "status": 206, "bytes": SIZE,
            "received": SIZE // 2 + 1, "resumed_from": SIZE // 2 - 1, "attempts": 1,
            "seconds": results[url]["seconds"], "skipped": False, "error": None})
        self.assertEqual(summary["received"], SIZE // 2 + 1)
        self.assertEqual(server.asked[1][1], f"bytes={SIZE // 2 - 1}-")

    def test_nothing_of_a_version_that_is_gone(self):
        server = self.serve(Versions, content=pattern(SIZE), pieces=[SIZE // 2],
                            gone=threading.Event())
        self.addCleanup(server.gone.set)
        program = self.begin(server.url + "/a.bin")
        self.wait_for_part("a.bin", SIZE // 2)
        program.process.kill()
        program.process.wait()
        server.gone.set()
        server.content = pattern(SIZE)[::-1]
        results, _ = self.fetch(server.url + "/a.bin")
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE)[::-1])
        self.assertEqual(results[server.url + "/a.bin"]["status"], 200)
        self.assertEqual(results[server.url + "/a.bin"]["resumed_from"], 0)
        self.assertEqual(self.names(), ["a.bin"])

    def test_within_one_run_as_far_as_retries_go(self):
        server = self.serve(Versions, content=pattern(SIZE), pieces=[SIZE // 4] * 3)
        url = server.url + "/a.bin"
        done = self.run_weft("--retries", 1, url, code=1)
        self.assertRegex(done.stdout, rf"FAILED  {url}: .*\(2.10 MB kept in .*/out/a.bin.part\)")
        results, _ = self.fetch("--retries", 1, url)
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE))
        self.assertEqual(results[url]["attempts"], 2)
        self.assertEqual(len(server.asked), 4)

    def test_after_ctrl_c(self):
        server = self.serve(Versions, content=pattern(SIZE), pieces=[SIZE // 2],
                            gone=threading.Event())
        self.addCleanup(server.gone.set)
        program = self.begin(server.url + "/a.bin")
        self.wait_for_part("a.bin", SIZE // 2)
        program.process.send_signal(signal.SIGINT)
        out, errors = program.communicate()
        self.assertEqual(program.process.returncode, 130, errors)
        self.assertIn(b"0 of 1 there, 0 failed", out)
        self.assertEqual(errors.decode(), "weft: interrupted; what has come is kept in NAME.part (1 file), "
                         "and the same command goes on with it\n")
        server.gone.set()
        results, _ = self.fetch(server.url + "/a.bin")
        self.assertEqual(results[server.url + "/a.bin"]["status"], 206)
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE))

    def test_after_ctrl_c_with_what_is_its_own(self):
        server = self.serve(Versions, content=pattern(SIZE), pieces=[SIZE // 2] * 2,
                            gone=threading.Event())
        self.addCleanup(server.gone.set)
        urls = [server.url + path for path in ["/a.bin", "/b.bin"]]
        other = self.begin(urls[0])
        self.wait_for_part("a.bin", SIZE // 2)
        program = self.begin(*urls)
        self.wait_for_part("b.bin", SIZE // 2)
        program.process.send_signal(signal.SIGINT)
        out, errors = program.communicate()
        self.assertIn(f"FAILED  {urls[0]}: [Errno 11] another download writes to '{self.out}/a.bin.part'\n",
                      out.decode())
        self.assertIn(b"NAME.part (1 file)", errors)
        self.assertIsNone(other.process.poll())

    def test_after_the_disk_was_full(self):
        server = self.serve(Versions, content=pattern(SIZE), pieces=[])
        url = server.url + "/a.bin"
        limit = SIZE // 4
        results, _ = self.fetch(url, code=1, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (limit, limit)))
        self.assertEqual(results[url]["error"],
                         f"[Errno 27] File too large: '{self.out / 'a.bin'}.part'")
        self.assertEqual((results[url]["bytes"], results[url]["part"]),
                         (limit, f"{self.out / 'a.bin'}.part"))
        self.assertEqual(len(server.asked), 1, "a full disk is not asked again")
        results, _ = self.fetch(url)
        self.assertEqual(results[url]["resumed_from"], limit - 1)
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE))

    def test_not_from_a_server_that_knows_no_ranges(self):
        class Plain(SimpleHTTPRequestHandler):
            def __init__(handler, *arguments):
                super().__init__(*arguments, directory=self.served)

            def log_message(self, *arguments):
                pass

            def copyfile(self, source, outputfile):
                if self.server.asked:
                    return super().copyfile(source, outputfile)
                self.server.asked.append(self.path)
                outputfile.write(source.read(SIZE // 2))
                self.server.gone.wait(WAIT_MAX)

        (self.served / "a.bin").write_bytes(pattern(SIZE))
        os.utime(self.served / "a.bin", (1, 1))  # long ago, so that its date tells versions apart
        server = self.serve(Plain, gone=threading.Event())
        self.addCleanup(server.gone.set)
        program = self.begin(server.url + "/a.bin")
        self.wait_for_part("a.bin", SIZE // 2)
        program.process.kill()
        program.process.wait()
        server.gone.set()
        self.assertEqual(self.names(), ["a.bin.part", "a.bin.part.json"])
        results, _ = self.fetch(server.url + "/a.bin")
        self.assertEqual(results[server.url + "/a.bin"]["status"], 200)
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE))


class Nginx(FetchTest):
    def setUp(self):
        super().setUp()
        if nginx.missing():
            self.skipTest(nginx.missing())

    def serve_files(self, more=""):
        server = nginx.Nginx(self, "http", f"root {self.served}; {more}")
        return f"http://{server.tcp}"

    def cut_off(self, url, name):
        program = self.begin("--header", "X-Slow: yes", url)
        self.wait_for_part(name, 100_000)
        program.process.kill()
        program.process.wait()
        self.assertEqual(self.names(), [f"{name}.part", f"{name}.part.json"])

    def test_it_resumes_and_sees_that_a_file_changed(self):
        url = self.serve_files("if ($http_x_slow) { set $limit_rate 100k; }") + "/a.bin"
        (self.served / "a.bin").write_bytes(pattern(SIZE))
        self.cut_off(url, "a.bin")
        results, _ = self.fetch(url)
        self.assertEqual(results[url]["status"], 206)
        self.assertGreaterEqual(results[url]["resumed_from"], 99_999)
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE))

        (self.out / "a.bin").unlink()
        self.cut_off(url, "a.bin")
        new = self.served / "new"
        new.write_bytes(pattern(SIZE)[::-1])
        os.utime(new, (1, 1))
        new.rename(self.served / "a.bin")
        results, _ = self.fetch(url)
        self.assertEqual((results[url]["status"], results[url]["resumed_from"]), (200, 0))
        self.assertEqual((self.out / "a.bin").read_bytes(), pattern(SIZE)[::-1])

    def test_a_thousand_urls(self):
        for number in range(1000):
            (self.served / f"{number}.txt").write_text(f"{number}\n" * number)
        url = self.serve_files()
        urls = [f"{url}/{number}.txt" for number in range(1000)]
        urls[500:500] = ["", "# not there", f"{url}/none", "   "]
        results, summary = self.fetch("--from", "-", "-n", 32, stdin="\n".join(urls), code=1)
        self.assertEqual(len(self.names()), 1000)
        for number in range(1000):
            self.assertEqual((self.out / f"{number}.txt").read_text(), f"{number}\n" * number)
        self.assertEqual(results[url + "/none"]["error"], "404 Not Found")
        host = url.removeprefix("http://")
        self.assertEqual([summary[key] for key in ["urls", "ok", "failed", "interrupted"]],
                         [1001, 1000, 1, False])
        self.assertEqual([(each["host"], each["statuses"]) for each in summary["hosts"]],
                         [(host, {"200": 1000, "404": 1})])


class Commands(FetchTest):
    def setUp(self):
        super().setUp()
        self.server = self.serve(Echo)
        self.url = self.server.url

    def test_names_are_harmless_and_each_is_given_once(self):
        paths = ["/a.txt", "/b/a.txt", "/..%2f..%2fevil", "/.hidden", "/", "/x/", "/%1b[31m", "/a.part"]
        results, _ = self.fetch(*[self.url + path for path in paths])
        self.assertEqual(self.names(), sorted(
            ["a.txt", "a-2.txt", "_._.._evil", "_hidden", "index.html", "index-2.html", "_[31m",
             "a.part_"]))
        self.assertEqual((self.out / "a-2.txt").read_text(), "/b/a.txt\n")
        self.assertEqual({each["file"] for each in results.values()},
                         {str(self.out / name) for name in self.names()})

    def test_a_mistake_in_a_list_is_named_before_anything_is_asked(self):
        urls = self.folder / "urls"
        urls.write_bytes(b"# mine\r\n\r\n" + self.url.encode() + b"/a\r\nhttp://\0/\n"
                         b"http://a b/\n" + b"x" * 1_000_000 + b"\nexample.com\n")
        done = self.run_weft("--from", urls, code=2)
        self.assertRegex(done.stderr, rf"^weft fetch: {urls}, line 4: ")
        for number in [5, 6, 7]:
            self.assertIn(f"\n{urls}, line {number}: ", done.stderr)
        self.assertEqual(self.server.asked, [])
        self.assertFalse(self.out.exists())

    def test_wrong_usage_names_the_culprit(self):
        for arguments, culprit in [
            ([], "no URLs"), (["example.com"], "'example.com' has no scheme"),
            (["--concurrency", 0, self.url], "--concurrency"), (["--from", "/none"], "/none"),
            (["--retries", "x", self.url], "--retries"), (["--timeout", -1, self.url], "--timeout"),
            (["--name", "a/b", self.url], "'a/b'"), (["--colour", self.url], "--colour"),
            (["--header", "secret", self.url], "--header: number 1"),
        ]:
            done = self.run_weft(*arguments, code=2)
            self.assertIn(culprit, done.stderr)
            self.assertNotIn("secret", done.stderr)
            self.assertEqual(done.stdout, "")
        self.out.write_text("a file")
        done = self.run_weft(self.url, code=2)
        self.assertEqual(done.stderr, f"weft fetch: --out: [Errno 17] File exists: '{self.out}'\n")
        self.assertEqual(self.server.asked, [])

    def test_one_that_fails_leaves_the_others_alone(self):
        done = self.run_weft("--retries", 0, self.url + "/gone", self.url + "/a",
                             "http://127.0.0.1:1/b", code=1)
        lines = done.stdout.splitlines()
        self.assertIn(f"FAILED  {self.url}/gone: 410 Gone", lines)
        self.assertRegex(done.stdout, r"(?m)^FAILED  http://127.0.0.1:1/b: Cannot connect to host 127.0.0.1:1: ")
        self.assertRegex(done.stdout, rf"(?m)^ok      {self.out}/a  3 B in .* s  {self.url}/a$")
        self.assertRegex(done.stdout, r"(?m)^127.0.0.1:1 +1  error +0 B ")
        self.assertRegex(done.stdout, r"(?m)^all +3  200, 410, error +3 B ")
        self.assertRegex(lines[-1], r"^1 of 3 there, 2 failed, 3 B in ")
        self.assertEqual((self.names(), done.stderr), (["a"], ""))

    def test_headers_names_and_files_that_are_there(self):
        self.run_weft("-H", "X-One: 1", "-H", "X-Two: 2", "--name", "echo", self.url + "/headers")
        self.assertEqual((self.out / "echo").read_text(), "1 2\n")
        (self.out / "b").write_text("old")
        results, summary = self.fetch("--skip-existing", self.url + "/b", self.url + "/c")
        self.assertTrue(results[self.url + "/b"]["skipped"])
        self.assertEqual((self.out / "b").read_text(), "old")
        self.assertEqual((summary["ok"], summary["skipped"]), (1, 1))
        self.fetch(self.url + "/b")
        self.assertEqual((self.out / "b").read_text(), "/b\n")

    def test_a_proxy_is_asked(self):
        self.run_weft("--proxy", self.url, "http://far.example/x")
        self.assertEqual((self.out / "x").read_text(), "http://far.example/x\n")
        self.run_weft("http://far.example/y", env={**os.environ, "http_proxy": self.url})
        self.assertEqual((self.out / "y").read_text(), "http://far.example/y\n")

    def test_retries_and_limits_of_time(self):
        results, _ = self.fetch(self.url + "/busy")
        self.assertEqual(results[self.url + "/busy"]["attempts"], 2)
        for option in ["--timeout", "--max-time"]:
            results, _ = self.fetch("--retries", 0, option, 0.2, self.url + "/silent", code=1)
            self.assertRegex(results[self.url + "/silent"]["error"], "0.2 s$")

    def test_a_terminal_sees_progress(self):
        terminal, end = pty.openpty()
        self.addCleanup(os.close, terminal)
        program = self.start(WEFT, "fetch", "--out", self.out, self.url + "/a", stderr=end)
        os.close(end)
        out, _ = program.communicate()
        self.assertIn(b"ok      ", out)
        self.assertNotIn(b"\x1b", out)
        self.assertRegex(os.read(terminal, 10_000), rb"\r\x1b\[\?7l0/1  0 B.*\x1b\[K\x1b\[\?7h")

    def test_output_that_nobody_gets_is_an_error(self):
        with open("/dev/full", "w") as full:
            done = subprocess.run([WEFT, "fetch", "--out", self.out, self.url + "/a"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, timeout=WAIT_MAX)
        self.assertEqual((done.returncode, done.stderr),
                         (1, "weft fetch: standard output cannot be written to\n"))

    def test_help_teaches(self):
        text = self.run_weft("--help").stdout
        for part in ["Examples:", "--from", "--skip-existing", "NAME.part", "Exit codes:"]:
            self.assertIn(part, text)


class Echo(BaseHTTPRequestHandler):
    """Answers with the target of the request."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        status, body = 200, self.path + "\n"
        if self.path == "/gone":
            status = 410
        elif self.path == "/busy" and self.server.asked.count("/busy") == 1:
            status = 503
        elif self.path == "/headers":
            body = f"{self.headers['X-One']} {self.headers['X-Two']}\n"
        elif self.path == "/silent":
            self.rfile.read(1)  # until the client has gone
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body.encode())


if __name__ == "__main__":
    main()
