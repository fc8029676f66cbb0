"""The funnel plot: what chance alone explains, with the desks in it; those outside are named beside their points."""

from __future__ import annotations

from math import ceil, floor
from textwrap import shorten, wrap
from typing import TYPE_CHECKING, Any, Final

from feedback.looks import THEMES
from server.ratings.funnel import Standing
from server.ratings.scores import Mark
from server.web.charts import WIDTHS, look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from server.ratings.comparisons import Group
    from server.ratings.funnel import Compared, Funnel
    from server.web.language import Language
    from server.web.question import Question

_STEPS: Final = 40
_LETTERS_A_LINE: Final = {"wide": 100, "narrow": 38}
_LONGEST_NAME: Final = 28
_LONGEST_SITE: Final = 16
_GRID: Final = 0.05


def describe_funnel(
    rows: Sequence[tuple[Group, Compared | None]], funnel: Funnel, question: Question, language: Language, width: str
) -> dict[str, Any]:
    """Give everything the drawing depends on: the numbers and the words."""
    gettext = language.words.gettext
    numbers = [group.number for group, _ in rows]
    points: list[dict[str, Any]] = [
        {
            "votes": compared.proportion.of,
            "share": compared.proportion.share,
            "standing": str(compared.standing),
            "few": group.tally.rating.mark is not Mark.ENOUGH,
            "name": _name(group, language, is_twice=numbers.count(group.number) > 1),
        }
        for group, compared in rows
        if compared is not None and compared.standing is not Standing.TOO_FEW
    ]
    sizes = [point["votes"] for point in points]
    least, most = min(sizes), max(sizes)
    curve = sorted({round(least * (most / least) ** (step / (_STEPS - 1))) for step in range(_STEPS)})
    limits = [funnel.limits(of) for of in curve] if 0 < funnel.target < 1 else []
    shares: list[float] = [point["share"] for point in points]
    edges = [edge for _, one in rows if one and one.limits for edge in (one.limits.low, one.limits.high)]
    title = gettext("Which scores differ from the common %(share)s by more than chance, %(period)s")
    return {
        "title": wrap(
            title % {"share": language.percent(funnel.target, 1), "period": language.days(question.period)}, _LETTERS_A_LINE[width]
        ),
        "width": width,
        "points": points,
        "limits": [
            {"votes": at.of, "low": at.low, "high": at.high, "outer_low": at.outer_low, "outer_high": at.outer_high} for at in limits
        ],
        "target": funnel.target,
        "domain": [max(0.0, floor(min(shares + edges) / _GRID) * _GRID), min(1.0, ceil(max(shares + edges) / _GRID) * _GRID)],
        "most": most,
        "votes_title": gettext("Scored votes"),
        "percent": language.percent_sign,
    }


def _name(group: Group, language: Language, *, is_twice: bool) -> str:
    """Write a short name; of two desks with one number the site tells which it is."""
    if not group.number:
        return shorten(group.name, _LONGEST_NAME, placeholder="…")
    name = language.words.gettext("Desk %(number)s") % {"number": group.number}
    return f"{name}, {shorten(group.site, _LONGEST_SITE, placeholder='…')}" if is_twice else name


def funnel_chart(specification: dict[str, Any]) -> Any:  # noqa: ANN401 - Altair ships no types
    """Make the chart: the wider band, the narrower one in it, the common share, the points."""
    import altair as alt

    colours = THEMES[specification["theme"]]
    strokes = {
        Standing.ABOVE: colours.answers["excellent"],
        Standing.BELOW: colours.answers["terrible"],
        Standing.CHANCE: colours.accent,
        Standing.INSIDE: colours.ink,
    }
    is_wide = specification["width"] == "wide"
    votes = alt.Axis(title=specification["votes_title"], grid=False, tickCount=6 if is_wide else 3, format=",d")
    x = alt.X("votes:Q", scale=alt.Scale(domain=[0, specification["most"] * 1.12], nice=False), axis=votes)
    scale = alt.Scale(domain=specification["domain"], nice=False, clamp=True)
    axis = alt.Axis(labelExpr=f"round(datum.value * 100) + '{specification['percent']}'", title=None, tickCount=5)
    limits = alt.Chart(alt.InlineData(values=specification["limits"]))
    bands = [
        limits.mark_area(color=colours.line, opacity=opacity, clip=True).encode(
            x=x, y=alt.Y(f"{low}:Q", scale=scale, axis=axis), y2=f"{high}:Q"
        )
        for low, high, opacity in (("outer_low", "outer_high", 0.45), ("low", "high", 0.75))
    ]
    common = alt.Chart(alt.InlineData(values=[{"share": specification["target"]}]))
    line = common.mark_rule(color=colours.muted, strokeDash=[4, 4]).encode(y=alt.Y("share:Q", scale=scale, axis=axis))
    points = alt.Chart(alt.InlineData(values=specification["points"]))
    y = alt.Y("share:Q", scale=scale, axis=axis)
    colour = alt.Color("standing:N", legend=None, scale=alt.Scale(domain=[*map(str, strokes)], range=[*strokes.values()]))
    dots = points.mark_point(size=70, opacity=1, strokeWidth=2).encode(
        x=x, y=y, stroke=colour, fill=alt.condition("datum.few", alt.value(colours.card), colour)
    )
    names = (
        points.transform_filter("datum.standing != 'inside'")
        .mark_text(align="left", dx=9, dy=1, fontSize=13, fontWeight=600, baseline="middle")
        .encode(x=x, y=y, text="name:N", color=colour)
    )
    title = alt.TitleParams(specification["title"], anchor="start", frame="group", fontSize=15, fontWeight=600, offset=14, lineHeight=20)
    chart = alt.layer(*bands, line, dots, names, background=colours.card, padding={"left": 4, "right": 4, "top": 4, "bottom": 4})
    return chart.properties(width=WIDTHS[specification["width"]], height=320 if is_wide else 240, title=title).configure(**look(colours))
