from __future__ import annotations

from kiosk import texts


def test_thanks_is_said_in_both_languages() -> None:
    assert texts.words_in("uk")("Thank you.") == "Дякуємо."
    assert texts.words_in("uk")("Your vote is saved.") == "Ваш голос збережено."
    assert texts.words_in("en")("Thank you.") == "Thank you."
