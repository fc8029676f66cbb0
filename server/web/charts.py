"""Charts: one Vega-Lite specification, written by Altair and drawn as SVG at an address of its own."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from datetime import UTC, date
from functools import cache
from hashlib import sha256
from itertools import pairwise
from textwrap import wrap
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from litestar import Response, get
from litestar.exceptions import NotFoundException, ValidationException
from litestar.params import FromPath, FromQuery

from feedback.looks import THEMES
from feedback.settings import Theme
from server.db.engine import reading
from server.ratings import queries
from server.ratings.periods import Period, Step
from server.reports.cards import FONTS
from server.web.access import FOR_READERS, Asked
from server.web.assets import FOLDER
from server.web.context import Centre, TheWeb
from server.web.language import DEFAULT, N_
from server.web.language import language as language_by_code
from server.web.question import Question, TheQuestion
from server.web.rendering import language_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from feedback.looks import Tokens
    from server.ratings.queries import TrendPoint
    from server.web.language import Language

WIDTHS: Final = {"wide": 820, "narrow": 250}
_LETTERS_A_LINE: Final = {"wide": 110, "narrow": 32}
_KEPT: Final = 200
_APART: Final = 0.09
_UNDER_LABEL: Final = 8
_TREND: Final = ("trend.svg", "trend.png")
_DRAWN: Final[dict[str, str | bytes]] = {}
_lock: Final = Lock()


@get("/charts/{key:str}", opt=FOR_READERS, sync_to_thread=True, include_in_schema=False)
def show_chart(  # noqa: PLR0913, PLR0917 - an address has as many parts
    request: Asked,
    web: TheWeb,
    question: TheQuestion,
    key: FromPath[str],
    width: FromQuery[str] = "wide",
    theme: FromQuery[str] = "light",
) -> Response[str | bytes | None]:
    """Draw the trend as trend.svg, or as trend.png to keep; the same numbers are drawn once."""
    if key not in _TREND:
        raise NotFoundException
    if width not in WIDTHS:
        raise ValidationException(N_("The width is one of: wide, narrow"))
    if theme not in (Theme.LIGHT, Theme.DARK):
        raise ValidationException(N_("The theme is one of: light, dark"))
    with reading(web.engine) as connection:
        points = queries.trend(connection, question.scope(), web.now_ms())
    return send(request, describe_trend(points, question, language_of(request), width) | {"theme": theme, "file": key}, _trend_chart)


def send(request: Asked, specification: dict[str, Any], chart: Callable[[dict[str, Any]], Any]) -> Response[str | bytes | None]:
    """Answer with a described chart, drawn at most once; its specification says in which theme and as which file."""
    digest = sha256(json.dumps(specification, sort_keys=True).encode()).hexdigest()
    headers = {"etag": f'"{digest}"', "cache-control": "private, no-cache"}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(None, status_code=304, headers=headers)
    kind = "image/png" if specification["file"].endswith(".png") else "image/svg+xml"
    return Response(_draw(digest, specification, language_of(request), chart), media_type=kind, headers=headers)


def describe_trend(points: list[TrendPoint], question: Question, language: Language, width: str) -> dict[str, Any]:
    """Give everything the drawing depends on: the numbers and the words."""
    gettext = language.words.gettext
    by_day = question.period.step is Step.DAY
    title = gettext("Good answers and problems by day, %(period)s") if by_day else gettext("Good answers and problems by week, %(period)s")
    problem = gettext("poor or terrible") if any(point.tally.rating.counts.poor for point in points) else gettext("terrible")
    kinds = {"excellent": (gettext("excellent or good"), "score"), "terrible": (problem, "problem")}
    shares = [
        {"day": point.first.isoformat(), "answer": answer, "share": of.share, "low": of.low, "high": of.high}
        for answer, (_, field) in kinds.items()
        for point in points
        if (of := getattr(point.tally.rating, field)).share is not None
    ]
    days = [step.first.isoformat() for step in question.period.steps()]
    return {
        "title": wrap(_finding(points, language) or title % {"period": language.days(question.period)}, _LETTERS_A_LINE[width]),
        "subtitle": wrap(question.describe(language), _LETTERS_A_LINE[width]),
        "width": width,
        "shares": shares,
        "labels": _label(
            shares, {answer: word for answer, (word, _) in kinds.items()}, language, last_day=days[-1] if width == "narrow" else None
        ),
        "votes": [{"day": point.first.isoformat(), "votes": point.tally.rating.counts.total} for point in points],
        "votes_title": gettext("Votes"),
        "percent": language.percent_sign,
        "days": days,
    }


def _finding(points: list[TrendPoint], language: Language) -> str:
    """Say what all points together tell, empty where they tell nothing."""
    scored = sum(point.tally.rating.score.of for point in points)
    if not scored:
        return ""
    good, bad = (sum(getattr(point.tally.rating, of).count for point in points) / scored for of in ("score", "problem"))
    words = language.words.gettext("%(good)s of the answers were good, %(problems)s told of a problem")
    return words % {"good": language.percent(good, 1), "problems": language.percent(bad, 1)}


def _label(shares: list[dict[str, Any]], words: dict[str, str], language: Language, *, last_day: str | None) -> list[dict[str, Any]]:
    """Write each line's name and last value beside its end, or above it at `last_day`, the right edge; the higher line's on top."""
    labels = []
    for answer, word in words.items():
        line = [share for share in shares if share["answer"] == answer]
        if line:
            at = max(share["high"] for share in line[-_UNDER_LABEL:]) if last_day else line[-1]["share"]
            labels.append(
                {**line[-1], "day": last_day or line[-1]["day"], "at": at, "text": f"{word} {language.percent(line[-1]['share'], 1)}"}
            )
    labels.sort(key=lambda label: label["at"])
    for lower, upper in pairwise(labels):
        upper["at"] = max(upper["at"], lower["at"] + _APART)
    return labels


def warm_up() -> None:
    """Do what the first drawing of a process would have to wait for: import Altair, start the engine that draws, read the typeface."""
    today = date(2026, 1, 1)
    question = Question("today", Period(today, today), None, [], Centre("", UTC))
    with _lock:
        words = language_by_code(DEFAULT)
        draw(describe_trend([], question, words, "wide") | {"theme": Theme.LIGHT.value}, words, _trend_chart)


def _draw(digest: str, specification: dict[str, Any], language: Language, chart: Callable[[dict[str, Any]], Any]) -> str | bytes:
    with _lock:
        if digest not in _DRAWN:
            while len(_DRAWN) >= _KEPT:
                _DRAWN.pop(next(iter(_DRAWN)))
            _DRAWN[digest] = (draw_png if specification["file"].endswith(".png") else draw)(specification, language, chart)
        return _DRAWN[digest]


def draw(specification: dict[str, Any], language: Language, chart: Callable[[dict[str, Any]], Any]) -> str:
    """Draw a described chart as SVG with our own type."""
    import vl_convert

    svg = vl_convert.vegalite_to_svg(chart(specification).to_dict(), **_locale(language))
    return re.sub(r"(<svg[^>]*>)", lambda tag: tag[1] + _typeface(), svg, count=1)


def draw_png(specification: dict[str, Any], language: Language, chart: Callable[[dict[str, Any]], Any]) -> bytes:
    """Draw a described chart as PNG, sharp enough for a slide, with our own type."""
    import vl_convert

    vl_convert.register_font_directory(str(FONTS))
    png: bytes = vl_convert.vegalite_to_png(chart(specification).to_dict(), scale=2, **_locale(language))
    return png


def _locale(language: Language) -> dict[str, Any]:
    code = {"uk": "uk-UA"}.get(language.code, "en-GB")
    return {"format_locale": code, "time_format_locale": code}


def _trend_chart(specification: dict[str, Any]) -> Any:  # noqa: ANN401 - Altair ships no types
    import altair as alt

    colours = THEMES[specification["theme"]]
    width, is_wide = WIDTHS[specification["width"]], specification["width"] == "wide"
    days = specification["days"]
    bar = max(2, min(40, width * 0.5 / len(days)))
    scale = alt.Scale(domain=[_moment(days[0], alt), _moment(days[-1], alt)], type="utc", padding=bar / 2 + 2)
    every = -(-len(days) // (9 if is_wide else 4))
    axis = alt.Axis(format="%-d %b", values=[_moment(day, alt) for day in days[::every]], title=None, grid=False, labelOverlap=False)
    hidden, shown = (alt.X("day:T", scale=scale, axis=found) for found in (None, axis))
    top = alt.layer(*_share_layers(specification, hidden, alt)).properties(width=width, height=230 if is_wide else 180)
    counts = alt.Axis(
        tickCount=2, title=specification["votes_title"], titleAngle=0, titleAlign="left", titleAnchor="end", titleY=-10, titleX=-34
    )
    votes = (
        alt.Chart(alt.InlineData(values=specification["votes"]))
        .mark_bar(color=colours.muted, opacity=0.55, width=bar)
        .encode(x=shown, y=alt.Y("votes:Q", axis=counts))
        .properties(width=width, height=48)
    )
    title = alt.TitleParams(
        specification["title"],
        subtitle=specification["subtitle"],
        subtitleColor=colours.muted,
        subtitleFontSize=12,
        subtitleLineHeight=16,
        subtitlePadding=4,
        anchor="start",
        frame="group",
        fontSize=15,
        fontWeight=600,
        offset=14,
        lineHeight=20,
    )
    chart = alt.vconcat(top, votes, spacing=30, background=colours.card, padding={"left": 4, "right": 4, "top": 4, "bottom": 4})
    return chart.resolve_scale(x="independent").properties(title=title).configure(**look(colours))


def _moment(day: str, alt: Any) -> Any:  # noqa: ANN401 - as above
    year, month, of_month = map(int, day.split("-"))
    return alt.DateTime(year=year, month=month, date=of_month, utc=True)


def _share_layers(specification: dict[str, Any], x: Any, alt: Any) -> list[Any]:  # noqa: ANN401 - as above
    """Give the interval bands, the lines over them, and each line's name beside its end."""
    answers = {answer: THEMES[specification["theme"]].answers[answer] for answer in ("excellent", "terrible")}
    colour = alt.Color("answer:N", legend=None, scale=alt.Scale(domain=list(answers), range=list(answers.values())))
    whole = alt.Scale(domain=[0, 1])
    percent = alt.Axis(labelExpr=f"round(datum.value * 100) + '{specification['percent']}'", values=[0, 0.25, 0.5, 0.75, 1], title=None)
    shares = alt.Chart(alt.InlineData(values=specification["shares"]))
    y = alt.Y("share:Q", scale=whole, axis=percent)
    label = {"align": "left", "dx": 10, "fontSize": 13, "fontWeight": 600}
    if specification["width"] == "narrow":
        label |= {"align": "right", "dx": 0, "dy": -12, "fontSize": 12}
    # A band needs neighbours; an interval that stands alone is a thick line.
    band = shares.mark_area(opacity=0.2) if len(specification["votes"]) > 1 else shares.mark_rule(opacity=0.2, strokeWidth=12)
    return [
        band.encode(x=x, y=alt.Y("low:Q", scale=whole, axis=percent), y2="high:Q", color=colour),
        shares.mark_line(strokeWidth=2).encode(x=x, y=y, color=colour),
        shares.mark_circle(size=20, opacity=1).encode(x=x, y=y, color=colour),
        alt.Chart(alt.InlineData(values=specification["labels"]))
        .mark_text(baseline="middle", **label)
        .encode(x=x, y=alt.Y("at:Q", scale=whole, axis=percent), text="text:N", color=colour),
    ]


def look(colours: Tokens) -> dict[str, Any]:
    """Give how every chart looks."""
    axis = {"domain": False, "ticks": False, "gridColor": colours.line, "labelColor": colours.muted, "titleColor": colours.muted}
    sizes = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400, "labelPadding": 6}
    return {"font": "Inter, system-ui, sans-serif", "view": {"stroke": None}, "title": {"color": colours.ink}, "axis": axis | sizes}


@cache
def _typeface() -> str:
    """Give our typeface for a drawing that stands alone; a picture may not load anything."""
    faces = (("latin", "U+0000-00FF,U+2013,U+2014,U+2019"), ("cyrillic", "U+0400-045F,U+0490-0491"))
    rules = ""
    for script, letters in faces:
        data = b64encode((FOLDER / "fonts" / f"inter-{script}-wght-normal.woff2").read_bytes()).decode()
        source = f"url(data:font/woff2;base64,{data})format('woff2')"
        rules += f"@font-face{{font-family:Inter;font-weight:100 900;src:{source};unicode-range:{letters}}}"
    return f"<style>{rules}</style>"


ROUTES: Final = [show_chart]
