"""The address at which kiosks enrol, and the pages on which they are invited."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
import pytest
import zxingcpp
from nacl.public import PrivateKey, PublicKey, SealedBox
from nacl.signing import VerifyKey
from PIL import Image

from feedback.claims import Claim, Invitation, ServerIdentity, claim_of, invitation_in, qr_text
from feedback.enrolment import MAX_BYTES, Admission, Claiming, Sealed, decode, open_admission
from server.db.engine import reading
from server.fleet.renewals import credential_of
from server.registry.kiosks import list_kiosks
from server.reports import qr
from tests.server.web import fill
from tests.server.web.conftest import sign_up

if TYPE_CHECKING:
    from litestar import Litestar
    from litestar.testing import TestClient
    from sqlalchemy import Engine

    Client = TestClient[Litestar]

_HALVES = ("\N{UPPER HALF BLOCK}\N{FULL BLOCK}", "\N{LOWER HALF BLOCK}\N{FULL BLOCK}")
HTML = {"accept": "text/html"}
CODE = re.compile(r'claim = (?:"|&#34;)([0-9A-Z-]{29})')


@pytest.fixture
def technician(visitor: Client, engine: Engine) -> Client:
    return sign_up(visitor, engine, "technician")


def invited(client: Client, **form: str) -> str:
    """Invite by the page; give the code that it shows."""
    answer = client.post("/kiosk-invitations", data={"name": "Вихід 2", "place": "center", "days": "7"} | form, headers=HTML)
    assert answer.status_code == 200, answer.text
    found = CODE.search(answer.text)
    assert found, answer.text
    return found[1]


class Terminal:
    """A kiosk that knows a code and nothing else."""

    def __init__(self, client: Client, code: str) -> None:
        self.client, self.claim = client, claim_of(code)
        self.private = PrivateKey.generate()
        self.public = bytes(self.private.public_key).hex()

    def post(self) -> tuple[int, Admission | None]:
        server = decode(self.client.get("/enrol").content, ServerIdentity)
        claiming = msgspec.json.encode(Claiming(self.claim.secret_hex, self.public))
        box = SealedBox(PublicKey(bytes.fromhex(server.sealing_key))).encrypt(claiming)
        answer = self.client.post("/enrol", content=msgspec.json.encode(Sealed(box)), headers={"origin": "null"})
        if answer.headers["content-type"] != "application/json":
            return answer.status_code, None
        key = VerifyKey(bytes.fromhex(server.signing_key))
        content = SealedBox(self.private).decrypt(decode(answer.content, Sealed).box)
        return answer.status_code, open_admission(content, self.public, lambda data, signature: bool(key.verify(data, signature)))


def test_what_the_page_shows_opens_a_place(technician: Client, engine: Engine) -> None:
    code = invited(technician, place="center c2")
    identity = decode(technician.get("/enrol").content, ServerIdentity)
    assert claim_of(code).is_for(identity)
    status, admission = Terminal(technician, code).post()
    assert status == 200
    assert admission is not None
    assert (admission.host, admission.port, admission.kiosk[:6]) == ("broker.example", 8883, "kiosk-")
    with reading(engine) as connection:
        (kiosk,) = [kiosk for kiosk in list_kiosks(connection) if kiosk.id == admission.kiosk]
    assert (kiosk.name, kiosk.site, kiosk.desk) == ("Вихід 2", "center", "c2")
    page = technician.get("/kiosk-invitations", headers=HTML).text
    assert admission.kiosk in page
    assert code not in page
    assert Terminal(technician, code).post()[0] == 409


@pytest.mark.parametrize("server", ["https://vidhuk.cnap-zrazkove.example", "http://192.0.2.7:8080", "https://vidhuk.example/Center"])
def test_the_qr_for_a_terminal_is_read_from_its_characters(server: str) -> None:
    claim = Claim(12345, 67890)
    lines = qr.characters(qr_text(claim, server)).splitlines()
    # Each character is two points, one above the other; what a terminal leaves dark is a dark one.
    points = [[sign in half for sign in line] for line in lines for half in _HALVES]
    picture = Image.new("L", (len(points[0]), len(points)))
    picture.putdata([255 * point for row in points for point in row])
    (read,) = zxingcpp.read_barcodes(picture.resize((picture.width * 4, picture.height * 4)))
    assert invitation_in(read.text) == Invitation(claim, server)


def test_wrong_codes_are_slowed_and_the_right_one_never_waits(technician: Client) -> None:
    code = invited(technician)
    wrong = Terminal(technician, code)
    wrong.claim = msgspec.structs.replace(wrong.claim, secret=wrong.claim.secret ^ 1)
    statuses = [wrong.post()[0] for _ in range(12)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
    assert Terminal(technician, code).post()[0] == 200


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"box": "AAAA"}', b'{"box": "AAAA", "v": 2}', b"\xff" * 100])
def test_what_is_no_question_of_a_kiosk_is_refused(visitor: Client, body: bytes) -> None:
    assert visitor.post("/enrol", content=body).status_code == 400


def test_too_much_is_not_read(visitor: Client) -> None:
    assert visitor.post("/enrol", content=b"x" * (MAX_BYTES + 1)).status_code in {400, 413}


def test_who_may_invite(visitor: Client, engine: Engine) -> None:
    leader = sign_up(visitor, engine, "leader")
    assert leader.get("/kiosk-invitations", headers=HTML).status_code == 403
    assert leader.post("/kiosk-invitations", data={"name": "x", "place": "center"}, headers=HTML).status_code == 403
    assert leader.post("/kiosks/exit-center/credential", headers=HTML).status_code == 403


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"name": " "}, "Дайте терміналу назву"),
        ({"days": "0"}, "на скільки днів"),
        ({"days": "91"}, "на скільки днів"),
        ({"days": "x"}, "на скільки днів"),
        ({"place": ""}, "де стоятиме"),
        ({"name": "exit-center"}, "уже є"),
        ({"again": "no-such-kiosk"}, "вже немає"),
    ],
)
def test_what_is_wrong_with_the_form_is_said(technician: Client, engine: Engine, form: dict[str, str], said: str) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
    data = {"name": "Вихід 2", "place": "center", "days": "7"} | form
    answer = technician.post("/kiosk-invitations", data=data, headers=HTML)
    assert answer.status_code == 422
    assert said in answer.text


def test_an_invitation_is_withdrawn_and_opens_nothing(technician: Client) -> None:
    code = invited(technician)
    assert technician.post("/kiosk-invitations/1/withdraw").status_code == 303
    assert technician.post("/kiosk-invitations/1/withdraw", headers=HTML).status_code == 404
    assert Terminal(technician, code).post()[0] == 410


def test_a_kiosk_that_enrolled_gets_a_new_credential_by_its_page(technician: Client, engine: Engine) -> None:
    with engine.begin() as connection:
        fill.kiosks(connection)
    assert "kiosk.toml" in technician.get("/kiosks/exit-center", headers=HTML).text
    assert technician.post("/kiosks/exit-center/credential", headers=HTML).status_code == 404
    _, admission = Terminal(technician, invited(technician, again="exit-center")).post()
    assert admission is not None
    assert admission.kiosk == "exit-center"
    assert "Видати новий пароль" in technician.get("/kiosks/exit-center", headers=HTML).text
    assert technician.post("/kiosks/exit-center/credential").status_code == 303
    with reading(engine) as connection:
        assert credential_of(connection, "exit-center").is_waiting
    assert "Видати новий пароль" not in technician.get("/kiosks/exit-center", headers=HTML).text
