from __future__ import annotations

import io
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

import kiosk
from kiosk import texts

FOLDER = Path(kiosk.__file__).parent
CATALOGUE = FOLDER / "locale" / "uk" / "LC_MESSAGES" / "kiosk.po"


def test_every_word_of_the_interface_is_there_in_ukrainian() -> None:
    used = {message for _, _, message, _, _ in extract_from_dir(FOLDER, [("**.py", "python")])}
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    known = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
    assert used == known


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with CATALOGUE.open("rb") as file:
        fresh = io.BytesIO()
        write_mo(fresh, read_po(file))
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = {message.id: message.string for message in read_mo(file) if message.id}
    fresh.seek(0)
    assert compiled == {message.id: message.string for message in read_mo(fresh) if message.id}


def test_thanks_is_said_in_both_languages() -> None:
    assert texts.words_in("uk")("Thank you.") == "Дякуємо."
    assert texts.words_in("uk")("Your vote is saved.") == "Ваш голос збережено."
    assert texts.words_in("en")("Thank you.") == "Thank you."
