from __future__ import annotations

import pytest

from feedback import looks
from feedback.questionnaire import ANSWERS, Face


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("text", [looks.INK, looks.MUTED, looks.ACCENT])
def test_text_reads_on_paper(text: str) -> None:
    assert contrast(text, looks.PAPER) >= 4.5


@pytest.mark.parametrize("answer", ANSWERS)
def test_faces_stand_out_from_paper_and_their_features_from_them(answer: str) -> None:
    assert contrast(looks.ANSWER_COLOURS[answer], looks.PAPER) >= 3
    assert contrast(looks.ANSWER_COLOURS[answer], looks.WHITE) >= 3


def test_every_face_is_drawn_and_lies_within_its_disc() -> None:
    assert set(looks.FACES) == set(Face)
    for face in looks.FACES.values():
        for x, y in [*face.eyes, *face.mouth, *(point for brow in face.brows for point in brow)]:
            assert (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.45**2


def test_no_two_faces_have_the_same_mouth() -> None:
    assert len({face.mouth for face in looks.FACES.values()}) == len(Face)
