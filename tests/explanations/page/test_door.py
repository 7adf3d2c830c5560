"""Who is answered at the page's door: a real server, and requests byte by byte."""

import os
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from explanations.page.door import make_door, place_of, place_of_origin
from tools.browser import serve

OPTIONS = Path(__file__).parents[3] / "explanations" / ".streamlit" / "config.toml"
HANDSHAKE = (
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version: 13",
)
ROUTES = (
    "/",
    "/method",
    "/store/none.flac",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/bidi-components/none",
    "/component/none/x.js",
    "/media/none.wav",
    "/static/js/none.js",
)
HOOK = """
import os, sys
OUTSIDE = open(os.environ["DOOR_LOG"], "a", buffering=1)
def note(event, arguments):
    if event == "socket.getaddrinfo" and arguments[0] not in (None, "127.0.0.1", "localhost"):
        print(event, arguments[0], file=OUTSIDE)
    elif event in ("socket.connect", "socket.sendto") and not str(arguments[1]).startswith("('127.0.0.1'"):
        print(event, arguments[1], file=OUTSIDE)
sys.addaudithook(note)
"""
TRACED = "connect,sendto,sendmsg,sendmmsg"


@pytest.fixture(scope="module")
def door(tmp_path_factory):
    """A running page, served at a listed place, too, which notes each connection that it makes to elsewhere."""
    folder = tmp_path_factory.mktemp("door")
    (folder / "sitecustomize.py").write_text(HOOK)
    (folder / "outside").touch()
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {
        "PYTHONPATH": path,
        "DOOR_LOG": str(folder / "outside"),
        "STREAMLIT_SERVER_CORS_ALLOWED_ORIGINS": "https://lemons.example.org",
        "OMP_NUM_THREADS": "1",
    }
    with serve(folder / "log", environment=environment) as server:
        yield SimpleNamespace(port=int(server.url.rsplit(":")[-1]), pid=server.pid, outside=folder / "outside")


def ask(door, *lines, request="GET / HTTP/1.1"):
    """Status and body of the answer to a request; 0 where the connection is closed without one."""
    text = "\r\n".join([request, *lines, "", ""]).replace("PORT", str(door.port))
    with socket.create_connection(("127.0.0.1", door.port), timeout=30) as connection:
        connection.sendall(text.encode("latin-1"))
        answer = b""
        while not answer.startswith(b"HTTP/1.1 101") and (part := connection.recv(65536)):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, head.decode("latin-1").lower(), body.decode(errors="replace")


def ask_socket(door, *lines):
    return ask(door, *lines, *HANDSHAKE, request="GET /_stcore/stream HTTP/1.1")[0]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT", "LocalHost:PORT", "localhost.:PORT", "[0:0:0:0:0:0:0:1]:PORT"],
)
def test_the_page_is_answered_under_this_machines_own_names(door, host):
    status, _, body = ask(door, f"Host: {host}", "Connection: close")
    assert status == 200
    assert "<html" in body
    assert ask_socket(door, f"Host: {host}", f"Origin: http://{host}") == 101


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:PORT",
        "evil.example",
        "localhost",  # port 80, which is another program's
        "127.0.0.1:1",
        "localhost.evil.example:PORT",
        "localhost..:PORT",
        "localhost:PORT, evil.example",
        "marko@localhost:PORT",
        "localhost:PORT@evil.example",
        "localhost:PORT/",
        "[::1",
        "[::2]:PORT",
        "[evil]:PORT",
        "127.1:PORT",
        "localhost:",
        ":PORT",
        ".",
        "",
        "\xff:PORT",
    ],
)
def test_no_other_host_is_answered(door, host):
    status, head, body = ask(door, f"Host: {host}", "Connection: close")
    assert (status, "content-type: text/plain" in head) == (403, True)
    assert body.startswith("LEMONS is not served under this name")
    assert body.count("\n") == 1
    assert ask_socket(door, f"Host: {host}", f"Origin: http://{host}") in (400, 403)


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "POST"])
def test_no_route_is_answered_under_a_foreign_name(door, path, method):
    assert ask(door, "Host: evil.example:PORT", "Connection: close", request=f"{method} {path} HTTP/1.1")[0] == 403


def test_a_file_that_is_sent_under_a_foreign_name_is_refused(door):
    request = "PUT /_stcore/upload_file/session/file HTTP/1.1"
    lines = ("Host: evil.example:PORT", "Content-Length: 0", "Connection: close")
    assert ask(door, *lines, request=request)[0] == 403


def test_one_host_is_asked_for(door):
    assert ask(door, request="GET / HTTP/1.0")[0] == 403
    assert ask(door, "Connection: close")[0] == 400
    assert ask(door, "Host: localhost:PORT", "Host: evil.example", "Connection: close")[0] == 400
    assert ask(door, "Host: localhost:PORT", *2 * ["Origin: http://localhost:PORT"], "Connection: close")[0] == 403


@pytest.mark.parametrize("origin", ["http://127.0.0.1:PORT", "http://localhost:PORT", "https://lemons.example.org"])
def test_the_page_itself_may_open_a_websocket(door, origin):
    assert ask_socket(door, "Host: 127.0.0.1:PORT", f"Origin: {origin}") == 101


def test_a_program_that_is_no_browser_names_no_origin(door):
    assert ask_socket(door, "Host: 127.0.0.1:PORT") == 101


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://evil.example:PORT",
        "http://localhost:9",  # another program on this machine
        "http://localhost",
        "http://0.0.0.0:PORT",
        "http://lemons.example.org:9",
        "http://localhost:PORT.evil.example",
        "http://localhost:PORT@evil.example",
        "ftp://localhost:PORT",
        "file://",
        "null",
        "localhost:PORT",
        "",
    ],
)
def test_no_other_page_may_open_a_websocket_or_ask_for_anything(door, origin):
    assert ask_socket(door, "Host: 127.0.0.1:PORT", f"Origin: {origin}") == 403
    assert ask(door, "Host: 127.0.0.1:PORT", f"Origin: {origin}", "Connection: close")[0] == 403


@pytest.mark.parametrize("host", ["lemons.example.org", "lemons.example.org:443", "Lemons.Example.org."])
def test_a_listed_place_is_answered(door, host):
    assert ask(door, f"Host: {host}", "Connection: close")[0] == 200
    assert ask_socket(door, f"Host: {host}", "Origin: https://lemons.example.org") == 101
    assert ask_socket(door, f"Host: {host}", "Origin: http://evil.example") == 403


def visit_in_every_way(door):
    """What makes Streamlit ask elsewhere for its own address, where nothing is before it: an Origin unknown to it."""
    for host in ("127.0.0.1:PORT", "evil.example:PORT", "Lemons.Example.org."):
        for origin in ("http://evil.example", "https://lemons.example.org", "null", "http://localhost:9"):
            ask_socket(door, f"Host: {host}", f"Origin: {origin}")


def test_nothing_that_a_visitor_says_makes_the_page_ask_elsewhere(door):
    visit_in_every_way(door)
    assert door.outside.read_text() == ""


def test_nothing_leaves_the_machine_by_the_systems_own_account(door, tmp_path):
    if (strace := shutil.which("strace")) is None:
        pytest.skip("the calls of the system are seen by strace, which is not installed")
    command = [strace, "-f", "-e", f"trace={TRACED}", "-o", str(tmp_path / "calls"), "-p", str(door.pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    if "attached" not in (line := tracer.stderr.readline()):
        tracer.kill()
        tracer.wait()
        pytest.skip(f"strace may not look at another program here ({line.strip()})")
    try:
        visit_in_every_way(door)
    finally:
        tracer.terminate()
        tracer.communicate()
    calls = (tmp_path / "calls").read_text()
    assert "HTTP/1.1 403" in calls  # it did look
    assert "sin_port" not in calls  # of an address that is connected or sent to
    assert "sin6_port" not in calls


def test_the_page_is_served_to_this_machine_alone(door):
    options = tomllib.loads(OPTIONS.read_text())
    assert options["server"]["address"] == "127.0.0.1"
    listening = [
        line.split() for name in ("tcp", "tcp6") for line in Path(f"/proc/net/{name}").read_text().splitlines()
    ]
    places = [line[1] for line in listening if line[3] == "0A" and line[1].endswith(f":{door.port:04X}")]
    assert places == [f"0100007F:{door.port:04X}"]  # 127.0.0.1, as the kernel writes it


def test_errors_and_tables_hand_nothing_to_others():
    options = tomllib.loads(OPTIONS.read_text())
    assert options["client"]["showErrorLinks"] is False  # to companies that would read tracebacks
    assert options["client"]["showErrorDetails"] == "type"
    assert options["client"]["disableDataExport"] is True  # titles would be formulas in a table of CSV
    assert options["browser"]["gatherUsageStats"] is False
    assert options["browser"]["serverAddress"]  # else Streamlit asks elsewhere for it when it serves a network


def test_a_place_that_is_none_ends_the_start_in_a_sentence(tmp_path):
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "explanations/lemons.py",
        "--server.port=0",
        "--server.corsAllowedOrigins=lab:8501",
    ]
    done = subprocess.run(command, cwd=OPTIONS.parents[2], capture_output=True, text=True, timeout=120)
    assert done.returncode != 0
    assert "lemons: server.corsAllowedOrigins has 'lab:8501'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_address_that_the_page_is_served_at_is_its_own_name(monkeypatch):
    options = {"server.address": "lab-machine", "server.corsAllowedOrigins": []}
    monkeypatch.setattr("streamlit.config.get_option", options.__getitem__)
    app = Starlette(routes=[Route("/", lambda _: Response("in"))], middleware=[make_door()])
    browser = TestClient(app, base_url="http://127.0.0.1:8501")
    for host, status in (("lab-machine:8501", 200), ("lab-machine:9", 403), ("other-machine:8501", 403)):
        assert browser.get("/", headers={"Host": host}).status_code == status


def test_ports_that_browsers_leave_out_are_left_out():
    assert place_of("example.org:80") == place_of("example.org") == place_of_origin("https://example.org:443")
    assert place_of("example.org:8443") != place_of("example.org")
