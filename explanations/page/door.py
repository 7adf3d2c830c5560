"""Which requests the page answers: those whose Host and Origin are its own.

A site elsewhere can have its own name resolved to this machine, and would then read and drive the page through its
visitors' browsers (DNS rebinding); and any site, also one that another program serves on this machine, may open a
websocket to the page. A browser names in each request the host it asked for (Host), and in a websocket's also the page
that asks (Origin): both must be the page's own. Streamlit does not check Host and takes any port of this machine for
its own; for an unknown Origin it asks a server of another company for the address of this machine. So this check comes
before Streamlit, which then has nothing to ask.
"""

import re
from collections.abc import Collection, Set
from ipaddress import IPv6Address

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config

from lemons.errors import ConfigError

__all__ = ["Door", "Place", "make_door", "place_of", "place_of_origin"]

Place = tuple[str, int | None]  # a host and its port; None for the usual ones, which browsers leave out
LOOPBACK = ("127.0.0.1", "localhost", "::1")
WILDCARDS = ("", "0.0.0.0", "::")  # addresses to listen at; no browser asks for them
USUAL_PORTS = (80, 443)
AUTHORITY = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9_-][a-z0-9._-]*)(?::([0-9]{1,5}))?")
OPTION = "server.corsAllowedOrigins"
REFUSAL = (
    "LEMONS is not served under this name, or another page asks for it. On the machine that serves it, open "
    "http://127.0.0.1:{port}; docs/page.md of LEMONS says how to serve it under other names.\n"
)


class Door:
    """ASGI middleware that lets requests in whose Host, and whose Origin where there is one, are the page's.

    Those are this machine's own names and the address at which the request came in, each with the server's port, and
    the places that were listed.

    Parameters
    ----------
    app : ASGI application
        the application behind the check
    hosts : collection of str
        more names of this machine, as `place_of` has them
    listed : set of tuple of (str, int or None)
        more places where the page is served, such as by a proxy
    """

    def __init__(self, app: ASGIApp, *, hosts: Collection[str] = (), listed: Set[Place] = frozenset()):
        self._app, self._hosts, self._listed = app, {*LOOPBACK, *hosts}, listed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it in a sentence."""
        if scope["type"] == "lifespan" or self._lets_in(scope):
            await self._app(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})  # 403, since it was not accepted yet
            return
        text = REFUSAL.format(port=scope["server"][1])
        headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
        await PlainTextResponse(text, status_code=403, headers=headers)(scope, receive, send)

    def _lets_in(self, scope: Scope) -> bool:
        headers = MutableHeaders(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1:
            return False
        address, port = scope["server"]  # where this very request came in
        names = {*self._hosts, address.removeprefix("::ffff:")}  # an IPv4 address, as sockets for IPv6 write it
        own = self._listed | {(name, _unless_usual(port)) for name in names}
        if place_of(hosts[0]) not in own or any(place_of_origin(origin) not in own for origin in origins):
            return False
        if origins:  # a proxy may have changed Host, and Streamlit would ask elsewhere what to think of the difference
            headers["origin"] = f"{origins[0].partition('://')[0]}://{hosts[0]}"
        return True


def make_door() -> Middleware:
    """The door as the server's options say it: ``server.address`` and ``server.corsAllowedOrigins``.

    Raises
    ------
    ConfigError
        if one of the origins is none
    """
    address = (config.get_option("server.address") or "").strip("[]").lower()
    listed = set()
    for origin in config.get_option(OPTION):
        if (place := place_of_origin(origin)) is None:
            raise ConfigError(
                f"{OPTION} has {origin!r}, which is not where a page is served; write it as a browser shows it, "
                "without a path: http://lab-machine:8501 or https://lemons.example.org"
            )
        listed.add(place)
    return Middleware(Door, hosts=() if address in WILDCARDS else (address,), listed=listed)


def place_of(authority: str) -> Place | None:
    """Where a Host header points to, or None where it is malformed.

    >>> place_of("LocalHost.:8501"), place_of("[0:0::1]:8501"), place_of("lemons.example.org")
    (('localhost', 8501), ('::1', 8501), ('lemons.example.org', None))
    >>> place_of("marko@localhost:8501"), place_of("localhost:8501, evil.example"), place_of("::1")
    (None, None, None)
    """
    found = AUTHORITY.fullmatch(authority.lower())
    if found is None:
        return None
    host, port = found[1].removesuffix("."), int(found[2]) if found[2] else None
    if host.startswith("["):
        try:
            host = IPv6Address(host[1:-1]).compressed
        except ValueError:
            return None
    return host, _unless_usual(port)


def place_of_origin(origin: str) -> Place | None:
    """Where the page of an Origin header was served, or None where that is no place of the web.

    >>> place_of_origin("http://127.0.0.1:8501"), place_of_origin("https://lemons.example.org:443")
    (('127.0.0.1', 8501), ('lemons.example.org', None))
    >>> place_of_origin("null"), place_of_origin("file://localhost"), place_of_origin("http://localhost/path")
    (None, None, None)
    """
    scheme, separator, authority = origin.partition("://")
    return place_of(authority) if separator and scheme.lower() in ("http", "https") else None


def _unless_usual(port: int | None) -> int | None:
    return None if port in USUAL_PORTS else port
