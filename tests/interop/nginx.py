# SPDX-License-Identifier: Apache-2.0
"""Starts nginx for a test: in its folder, with its own settings, and not as a service."""

import re
import shutil
import socket
import subprocess
from pathlib import Path

# Where Debian has it, which is not on everybody's path.
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

SETTINGS = """
{modules}
daemon off;
master_process off;
error_log stderr notice;
pid {folder}/pid;
events {{}}
{protocol} {{
    {paths}
    server {{
        listen {tcp} reuseport {listen};
        listen unix:{unix} {listen};
        {server}
    }}
}}
"""
# Each module has a folder for what is too long for memory, the unused ones too.
PATHS = "access_log off; " + " ".join(
    f"{name}_temp_path {{folder}}/{name};"
    for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
)


def missing():
    return None if PROGRAM else (
        "nginx is not installed (scripts/setup does not: Debian's package starts a server)")


def missing_stream_module():
    return "nginx has no stream module" if stream_module() is None else None


def stream_module():
    """Returns the setting that loads it, which may be none; None where there is no such module."""
    build = subprocess.run([PROGRAM, "-V"], capture_output=True, text=True, check=True).stderr
    if "--with-stream=dynamic" not in build:
        return "" if "--with-stream " in build else None
    folder = re.search(r"--modules-path=(\S+)", build)[1]
    module = Path(folder) / "ngx_stream_module.so"
    return f"load_module {module};" if module.exists() else None


class Nginx:
    """A running nginx. `tcp` and `unix` are the addresses where it listens."""

    def __init__(self, test, protocol, server, listen=""):
        # nginx cannot let the system choose a port: this socket does, and keeps it from others.
        port = socket.socket()
        test.addCleanup(port.close)
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        port.bind(("127.0.0.1", 0))
        self.tcp = "127.0.0.1:%d" % port.getsockname()[1]
        self.unix = test.new_path()

        settings = test.folder / "nginx.conf"
        settings.write_text(SETTINGS.format(
            modules=stream_module() if protocol == "stream" else "",
            folder=test.folder, protocol=protocol, tcp=self.tcp, unix=self.unix, server=server, listen=listen,
            paths=PATHS.format(folder=test.folder) if protocol == "http" else "",
        ))
        program = test.start(PROGRAM, "-e", "stderr", "-p", test.folder, "-c", settings)
        told = [program.error_line()]
        while told[-1] and "event method" not in told[-1]:  # after it has begun to listen
            told.append(program.error_line())
        test.assertTrue(told[-1], told)
