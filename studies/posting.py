"""One POST to an address that a researcher gave: encrypted, to the public internet, and to nowhere else.

The name is resolved once, every address it stands for is looked at, and the connection goes to the very
address that was looked at, so that a name can't point elsewhere in between. Redirects are not followed.
"""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from anonymizer.jobs import Refused

SECONDS = 5
LOCAL = ("localhost", "127.0.0.1", "::1")


class NotSent(Exception):
    """It did not arrive; the message says why."""


def check_address(url: str) -> SplitResult:
    """The address in parts. Refused unless it is https, or on this machine where that is allowed."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused(f"{url} is no address. Give one such as https://example.org/gaitmos.") from None
    if not parts.hostname or parts.username is not None or port == 0:
        raise Refused(f"{url} is no address. Give one such as https://example.org/gaitmos.")
    if parts.scheme == "http" and parts.hostname in LOCAL and settings.WEBHOOKS_TO_THIS_MACHINE:
        return parts
    if parts.scheme != "https":
        raise Refused("Messages are sent over https only. Give an address that begins with https://.")
    if _is_numeric(parts.hostname) and not _may_be_reached(parts.hostname):
        raise Refused("This address is not on the public internet, so nothing is sent there.")
    return parts


def post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The answer's status. Refused as above, NotSent where nobody answers or the place is private."""
    parts = check_address(url)
    try:
        connection = _connection(parts)
    except OSError as error:
        raise NotSent(f"No connection: {error.strerror or error}.") from error
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotSent(f"No answer: {error or type(error).__name__}.") from error
    finally:
        connection.close()


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    """Open to an address that was looked at. OSError, NotSent."""
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    if not all(map(_may_be_reached, addresses)):
        raise NotSent("This address is not on the public internet, so nothing is sent there.")
    stream = socket.create_connection((addresses[0], port), timeout=SECONDS)
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)  # for its Host header
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(host, port, timeout=SECONDS)
        try:
            stream = ssl.create_default_context().wrap_socket(stream, server_hostname=host)
        except OSError:
            stream.close()
            raise
    connection.sock = stream
    return connection


def _may_be_reached(address: str) -> bool:
    known = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped:
        known = known.ipv4_mapped
    if known.is_loopback:
        return bool(settings.WEBHOOKS_TO_THIS_MACHINE)
    if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES and known.is_private and not known.is_link_local:
        return True
    return known.is_global and not known.is_multicast


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
