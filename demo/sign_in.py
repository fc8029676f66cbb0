"""Accept a one-time link as a browser would."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit


def make_account(link: str, login: str, password: str) -> None:
    """Choose login and password on the page of a one-time link.

    Raises:
        OSError: the page cannot be reached, or it refuses.
    """
    address = urlsplit(link)
    form = urlencode({"login": login, "password": password, "again": password})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"{address.scheme}://{address.netloc}"}
    connection = HTTPConnection(address.netloc, timeout=10)
    try:
        connection.request("POST", address.path, form, headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    if status != HTTPStatus.SEE_OTHER:
        raise ConnectionError(f"the invitation was answered with {status}")
