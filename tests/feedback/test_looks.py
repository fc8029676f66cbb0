from __future__ import annotations

import pytest

from feedback import looks
from feedback.looks import contrast
from feedback.questionnaire import ANSWERS, Face
from feedback.settings import Theme

EVERY_THEME = pytest.mark.parametrize("theme", list(Theme))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast("#FFFFFF", "#777777") == contrast("#777777", "#FFFFFF")


@EVERY_THEME
def test_text_reads_on_all_that_it_stands_on(theme: Theme) -> None:
    tokens = looks.tokens(theme)
    for ground in (tokens.paper, tokens.card):
        for text in (tokens.ink, tokens.muted, tokens.accent):
            assert contrast(text, ground) >= looks.READABLE
    assert contrast(tokens.on_accent, tokens.accent) >= looks.READABLE
    assert contrast(tokens.on_alarm, tokens.alarm) >= looks.READABLE
    for ground in (tokens.paper, tokens.card):
        assert contrast(tokens.edge, ground) >= looks.VISIBLE, "what can be tapped is seen by its edge"


@EVERY_THEME
@pytest.mark.parametrize("answer", ANSWERS)
def test_faces_stand_out_from_paper_and_their_features_from_them(theme: Theme, answer: str) -> None:
    tokens = looks.tokens(theme)
    assert set(tokens.answers) == set(ANSWERS)
    assert contrast(tokens.answers[answer], tokens.paper) >= looks.VISIBLE
    assert contrast(tokens.answers[answer], tokens.features) >= looks.VISIBLE


def test_high_contrast_is_high() -> None:
    tokens = looks.tokens(Theme.CONTRAST)
    assert all(contrast(text, tokens.paper) >= 7 for text in (tokens.ink, tokens.muted, tokens.accent, *tokens.answers.values()))


def test_a_centres_accent_is_taken_only_where_it_reads() -> None:
    assert looks.tokens(Theme.LIGHT, "#005BBB").accent == "#005BBB"
    for unreadable in ("#FFD500", "#5B9BD5", "blue", "#005BB", "", None):
        assert looks.tokens(Theme.LIGHT, unreadable).accent == looks.ACCENT
    for theme in (Theme.DARK, Theme.CONTRAST):
        assert looks.tokens(theme, "#005BBB") == looks.tokens(theme), "dark grounds have their own accent"


def test_every_face_is_drawn_and_lies_within_its_disc() -> None:
    assert set(looks.FACES) == set(Face)
    for face in looks.FACES.values():
        for x, y in [*face.eyes, *face.mouth, *(point for brow in face.brows for point in brow)]:
            assert (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.45**2


def test_no_two_faces_have_the_same_mouth() -> None:
    assert len({face.mouth for face in looks.FACES.values()}) == len(Face)
