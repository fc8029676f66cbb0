"""What sync asks by HTTP(S): one request, its answer read as it comes, no longer and no larger than allowed. Requests' only home.

Whoever answers is not trusted, by HTTPS neither: what comes is known by its SHA-256, its fingerprint or its signature.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3 import disable_warnings
from urllib3.exceptions import HTTPError, InsecureRequestWarning

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

disable_warnings(InsecureRequestWarning)  # see above: nobody's word is taken for it

CONNECT_S: Final = 5.0
READ_S: Final = 10.0


class ExchangeError(Exception):
    """There is no answer, or none that can be used; trying again may help."""


class _Believing(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **more: Any) -> None:  # noqa: ANN401 - requests' own
        super().init_poolmanager(*arguments, ssl_context=self._context, **more)


def exchange(  # noqa: PLR0913 - everything that bounds an answer
    url: str,
    *,
    send: bytes | None = None,
    most: int,
    whole_s: float,
    is_over: Callable[[], bool],
    believing: ssl.SSLContext | None = None,
) -> tuple[int, bytes]:
    """Get `url`, or post JSON there; give status and content of at most so many bytes within so many seconds.

    No redirection is followed, and no proxy asked. By HTTPS only whom `believing` believes is heard; without it, whoever answers.

    Raises:
        ExchangeError: nobody answers, or not within the bounds, or `is_over` says that the kiosk stops.
    """
    headers = {"Accept-Encoding": "identity"} | ({} if send is None else {"Content-Type": "application/json"})
    with requests.Session() as session:
        session.trust_env = False  # no proxies and passwords from the environment
        session.verify = believing is not None
        if believing is not None:
            session.mount("https://", _Believing(believing))
        method = "GET" if send is None else "POST"
        try:
            with session.request(
                method, url, data=send, headers=headers, stream=True, timeout=(CONNECT_S, READ_S), allow_redirects=False
            ) as answer:
                return answer.status_code, _read(answer.raw, most, whole_s, is_over)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise ExchangeError(str(error)) from error


def _read(body: Any, most: int, whole_s: float, is_over: Callable[[], bool]) -> bytes:  # noqa: ANN401 - urllib3 leaves it open which kind of answer this is
    """Read what comes, as it comes, so that neither a long nor a slow answer is waited for to its end."""
    until, content = time.monotonic() + whole_s, bytearray()
    while part := body.read1(1 << 16):
        content += part
        if len(content) > most:
            raise ExchangeError(f"it is larger than {most} bytes")
        if is_over():
            raise ExchangeError("the kiosk stops")
        if time.monotonic() > until:
            raise ExchangeError(f"it did not come within {whole_s:.0f} s")
    return bytes(content)
