from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
PROGRAMS = ("kiosk", "server")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_string_has_its_ukrainian_and_the_compiled_catalogue_is_current(program: str) -> None:
    folder = ROOT / program / "locale" / "uk" / "LC_MESSAGES"
    catalogue = read_po(BytesIO((folder / f"{program}.po").read_bytes()), locale="uk")
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, _ = parse_mapping_cfg(file)
    used = {message for _, _, message, _, _ in extract_from_dir(ROOT / program, methods)}
    said = {message.id: message for message in catalogue if message.id}
    assert not used - set(said), "translate these: pybabel extract, update"
    assert not set(said) - used, "these are no longer used"
    untranslated = [
        message.id for message in said.values() if not message.string or (isinstance(message.string, tuple) and not all(message.string))
    ]
    assert not untranslated
    assert not [message.id for message in said.values() if message.fuzzy]
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    assert read_mo(BytesIO(compiled.getvalue()))._messages == read_mo(BytesIO((folder / f"{program}.mo").read_bytes()))._messages, (
        "pybabel compile"
    )
