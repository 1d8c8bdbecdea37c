# SPDX-License-Identifier: Apache-2.0
"""weft as a client of nginx under TLS, and as the server behind it."""

import os

import certificates
import nginx
from interop import InteropTest, main, pattern

SIZE = 4 << 20  # bytes: far more than the limit of a StreamReader


class TLS(InteropTest):
    def setUp(self):
        super().setUp()
        certificates.make(self.folder)
        os.environ["CERTIFICATES"] = str(self.folder)

    def nginx_of(self, server):
        return nginx.Nginx(self, "http", f"""
            ssl_certificate {self.folder}/server.pem;
            ssl_certificate_key {self.folder}/server.key;
            {server}""", listen="ssl")

    def test_three_requests_over_one_connection(self):
        for size in [1000, SIZE]:
            (self.folder / str(size)).write_bytes(pattern(size))
            server = self.nginx_of(f"root {self.folder};")
            client = self.connect(f"tls:{server.tcp}", "get", size)
            self.says(client, f"got {size} bytes three times")
            self.ends(client)

    def test_weft_is_on_both_sides_of_it(self):
        server = self.listen("http", "tls")
        proxy = self.nginx_of(f"""
            location / {{
                proxy_pass https://{server.address}/;
                proxy_ssl_trusted_certificate {self.folder}/authority.pem;
                proxy_ssl_verify on;
                proxy_ssl_name localhost;
            }}""")
        client = self.connect(f"tls:{proxy.tcp}", "get", SIZE)
        self.says(client, f"got {SIZE} bytes three times")
        self.ends(client)
        for _ in range(3):
            self.says(server, f"gave {SIZE} bytes")


if __name__ == "__main__":
    main(nginx.missing() or certificates.missing())
