# SPDX-License-Identifier: Apache-2.0
"""Starts programs on chosen cores: one alone, or a server and who talks to it."""

import os
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager

TIMEOUT_S = 600
LISTENS_WITHIN_S = 20
# A server may use those behind its own, too.
PORTS_EACH = 3
# Below the ports that the system gives to connections, which stay in use for a minute.
SERVER_PORTS = iter(range(20000, 32000, PORTS_EACH))


class ServerFailed(Exception):
    """The server did not listen, or has ended; the text says why."""


def pin(cores):
    """Like taskset: the child starts on these cores, and its threads inherit them."""
    return lambda: os.sched_setaffinity(0, cores)


def run_pinned(command, cores):
    return subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S,
                          preexec_fn=pin(cores))


def run_against(server_command, load_command, measure, tls_files, cores):
    """Runs the load on the first core against a server that is started on the second.

    Where there are `tls_files`, a certificate and its key, the server is told both, and the load
    the certificate.
    """
    load_core, server_core = cores
    with serving([*server_command, *tls_files], server_core) as (port, pid):
        load = [*load_command, str(port), str(pid), measure, *tls_files[:1]]
        return run_pinned(load, [load_core])


def run_client(client_command, server_command, measure, folder, cores):
    """Runs the client on the second core, with a server that is started on the first.

    Both are told a folder below this one, which goes in the end: there the server has its
    certificate, and the client its files.
    """
    server_core, client_core = cores
    with (tempfile.TemporaryDirectory(dir=folder) as shared,
          serving(server_command, server_core, shared) as (port, _)):
        return run_pinned([*client_command, str(port), shared, measure], [client_core])


@contextmanager
def serving(command, core, *arguments):
    port = free_port()
    with tempfile.TemporaryFile("w+") as errors:
        server = subprocess.Popen([*command, str(port), *arguments], stdout=errors, stderr=errors,
                                  preexec_fn=pin([core]))
        try:
            wait_until_listening(server, port)
            yield port, server.pid
            if server.poll() is not None:
                raise ServerFailed(f"the server has ended: {last_line(errors)}")
        except ConnectionRefusedError:
            raise ServerFailed(f"the server does not listen: {last_line(errors)}") from None
        finally:
            server.kill()
            server.wait()


def free_port():
    for port in SERVER_PORTS:
        if all(is_free(port + behind) for behind in range(PORTS_EACH)):
            return port
    raise ServerFailed("no port is free")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def wait_until_listening(server, port):
    deadline = time.monotonic() + LISTENS_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def last_line(file):
    file.seek(0)
    return (file.read().strip().splitlines() or ["no message"])[-1]
