# SPDX-License-Identifier: Apache-2.0
"""Certificates for the tests of TLS, made by the openssl command; tls.hpp says under which names."""

import shutil
import subprocess


def missing():
    return None if shutil.which("openssl") else "openssl is not installed"


def make(folder):
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    openssl("req", "-x509", *key, "-subj", "/CN=weft test authority", "-keyout", "authority.key",
            "-out", "authority.pem", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", "-x509", *key, "-subj", "/CN=weft test", "-keyout", "server.key",
            "-out", "server.pem", "-CA", "authority.pem", "-CAkey", "authority.key",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-addext", "basicConstraints=critical,CA:FALSE")
