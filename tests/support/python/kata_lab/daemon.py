# SPDX-License-Identifier: Apache-2.0
"""What nydusd itself says, by its API."""

import http.client
import json
import socket

TIME_LIMIT = 10


class UnixConnection(http.client.HTTPConnection):
    """To a socket in the file system."""

    def __init__(self, path):
        super().__init__("localhost", timeout=TIME_LIMIT)
        self._path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def mount_points(api_socket):
    """All that it serves, sorted."""
    connection = UnixConnection(api_socket)
    try:
        connection.request("GET", "/api/v1/daemon")
        information = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    return sorted(information["backend_collection"] or {})
