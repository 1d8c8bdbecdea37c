#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs each program in C++ and in Python against a server of this test, and compares what they print with
NN_name.txt.

usage: compare.py FOLDER NAME...    FOLDER has the programs that were built

Each is run twice: with twelve pages, and with one beside them that is not there and a server that is not. The
Python ones are run where this interpreter is new enough for them and has aiohttp.
"""

import importlib.util
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HERE = Path(__file__).parent
PAGES = 12


class Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        number = self.path[1:]
        self.send_response(200 if number.isdigit() else 404)
        body = b"x" * (1000 * int(number) if number.isdigit() else 0)
        self.send_header("Content-Length", len(body))
        self.end_headers()
        self.wfile.write(body)


def why_not_in_python():
    if sys.version_info < (3, 11):
        return f"Python {sys.version_info.major}.{sys.version_info.minor} has no task groups"
    return None if importlib.util.find_spec("aiohttp") else "aiohttp is not installed"


def main():
    folder, *names = sys.argv[1:]
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # of clients that have gone
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host = f"http://127.0.0.1:{server.server_port}"
    failed = [name for name in names if not all(list(same_everywhere(Path(folder), name, host)))]
    server.shutdown()
    if failed:
        sys.exit(f"failed: {' '.join(failed)}")


def same_everywhere(folder, name, host):
    yield as_recorded(name, host, "C++", [folder / name])
    if reason := why_not_in_python():
        print(f"{name}: not run in Python: {reason}")
    else:
        yield as_recorded(name, host, "Python", [sys.executable, HERE / f"{name}.py"])


def as_recorded(name, host, language, command):
    wanted = (HERE / f"{name}.txt").read_text().replace("HOST", host), "", 0
    pages = [f"{host}/{number}" for number in range(PAGES)]
    runs = [subprocess.run(command + urls, capture_output=True, text=True, timeout=60)
            for urls in [pages, pages + [f"{host}/none"] + nobody(name)]]
    seen = "".join(run.stdout for run in runs), "".join(run.stderr for run in runs), max(
        run.returncode for run in runs)
    print(f"{name}: {language}: {'as recorded' if seen == wanted else 'DIFFERS'}")
    if seen != wanted:
        for text in (*wanted, *seen):
            print(f"    {text!r}")
    return seen == wanted


def nobody(name):
    """Of a group, which one fails first must not be chance."""
    return [] if name == "02_task_group" else ["http://127.0.0.1:1/"]


if __name__ == "__main__":
    main()
