"""A real S3 server on loopback for tests: moto's, which runs in a process of its own.

moto's boto3 does not allow the newer dateutil of constraints.txt: it is installed beside LEMONS, not with it.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

SERVER = os.environ.get("MOTO_SERVER") or shutil.which("moto_server")
NUMBERS = count()


class Server:
    """A server, and what was asked of it."""

    def __init__(self, port, log):
        self.port, self._log = port, log

    def requests(self):
        """Method and path of each request so far, without their parameters."""
        lines = [line.partition('"')[2].split(" ") for line in self._log.read_text().splitlines()]
        return [(line[0].strip("\x1b[0123456789m"), line[1].partition("?")[0]) for line in lines if len(line) > 2]

    def ask(self, method, path, data=None):
        """Do it by plain HTTP."""
        # any keys will do; a content of no type would be taken for a form
        headers = {"Authorization": "AWS key:secret", "Content-Type": "application/octet-stream"}
        url = f"http://127.0.0.1:{self.port}/{quote(path)}"
        request = urllib.request.Request(url, data, headers, method=method)
        urllib.request.urlopen(request).close()

    def new_bucket(self):
        bucket = Bucket(self, f"bucket-{next(NUMBERS)}")
        self.ask("PUT", bucket.name)
        return bucket


class Bucket:
    """A bucket of a server."""

    def __init__(self, server, name):
        self.server, self.name = server, name

    def url(self, folder="", port=None):
        query = f"scheme=http&endpoint_override=127.0.0.1:{port or self.server.port}&region=us-east-1"
        return f"s3://{self.name}/{folder}?{query}"

    def put(self, name, content):
        self.server.ask("PUT", f"{self.name}/{name}", content)

    def delete(self, name):
        self.server.ask("DELETE", f"{self.name}/{name}")

    def upload(self, folder, name):
        """All files of a folder, under a name in the bucket; the URL of that."""
        for file in sorted(Path(folder).rglob("*")):
            if file.is_file():
                self.put(f"{name}/{file.relative_to(folder).as_posix()}", file.read_bytes())
        return self.url(name)

    def asked(self, since=0):
        """Method and path in the bucket of each request for it, after the first ones."""
        start = f"/{self.name}/"
        return [
            (method, path.removeprefix(start))
            for method, path in self.server.requests()[since:]
            if path.startswith(start)
        ]

    def written(self, since=0):
        """Names of the files that were put, in this order; a client that waits too long for an answer tries again."""
        return list(dict.fromkeys(name for method, name in self.asked(since) if method == "PUT"))


@contextmanager
def server(log):
    """A server that writes its log to a file."""
    if not SERVER:
        pytest.skip(
            "an S3 server needs moto: install 'moto[server]' elsewhere, and name its moto_server in $MOTO_SERVER"
        )
    running = Server(free_port(), log)
    with started([SERVER, "-H", "127.0.0.1", "-p", str(running.port)], log, ready=lambda: running.ask("PUT", "first")):
        yield running


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def started(command, log, *, ready):
    """A program that writes its log to a file, from when ``ready`` raises no OSError."""
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        while True:
            assert process.poll() is None, f"{command[0]} ended"
            try:
                ready()
                break
            except OSError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


@contextmanager
def cable(server, n_bytes, *, then):
    """The port of a cable to a server that carries so many bytes of what it says, then is ``"cut"`` or ``"stuck"``."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        left = [n_bytes]  # for all connections together: a file may come through several
        threading.Thread(target=_carry, args=(listening, server.port, left, then), daemon=True).start()
        yield listening.getsockname()[1]


def _carry(listening, port, left, then):
    while True:
        try:
            one, _ = listening.accept()
        except OSError:  # the cable is put away
            return
        other = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=_copy, args=(one, other, None, then), daemon=True).start()
        threading.Thread(target=_copy, args=(other, one, left, then), daemon=True).start()


def _copy(source, sink, left, then):
    with suppress(OSError):  # the other direction has ended both
        while chunk := source.recv(2**14):
            if left is not None:
                left[0] -= len(chunk)
                if left[0] < 0:
                    if then == "stuck":
                        time.sleep(60)
                    break
            sink.sendall(chunk)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)  # closing alone waits for who reads it in another thread
            one.close()
