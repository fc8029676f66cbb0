"""What a survey expert would say about a questionnaire before it is published (H2). Pure; findings are advice, never errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from feedback.questionnaire_findings import Finding, Rule
from feedback.questionnaire_structure import structure_findings
from feedback.questionnaire_wording import wording_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from feedback.questionnaire import Questionnaire, Waiver

__all__ = ["Examined", "Finding", "Rule", "Waived", "examine", "lint"]


class Waived(msgspec.Struct, frozen=True):
    """A finding that the questionnaire's author keeps, and why."""

    finding: Finding
    reason: str


class Examined(msgspec.Struct, frozen=True):
    """What was found: what is to mend, and what the waivers silence."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...]


def lint(questionnaire: Questionnaire) -> tuple[Finding, ...]:
    """Give what is to mend, in the order of the questions; nothing that a waiver silences."""
    return examine(questionnaire).findings


def examine(questionnaire: Questionnaire) -> Examined:
    """Look at a valid questionnaire by every rule. A waiver that silences nothing is itself a finding."""
    order = {question.id: index for index, question in enumerate(questionnaire.questions)}
    found = sorted(
        (*structure_findings(questionnaire), *wording_findings(questionnaire)), key=lambda finding: order.get(finding.question or "", -1)
    )
    left = tuple(finding for finding in found if _waiver_of(finding, questionnaire.waivers) is None)
    waived = tuple(Waived(finding, waiver.reason) for finding in found if (waiver := _waiver_of(finding, questionnaire.waivers)))
    return Examined((*left, *_unused(questionnaire.waivers, found)), waived)


def _waiver_of(finding: Finding, waivers: tuple[Waiver, ...]) -> Waiver | None:
    return next((waiver for waiver in waivers if _covers(waiver, finding)), None)


def _covers(waiver: Waiver, finding: Finding) -> bool:
    return waiver.rule == finding.rule and waiver.question in (None, finding.question)


def _unused(waivers: tuple[Waiver, ...], found: list[Finding]) -> Iterator[Finding]:
    for waiver in waivers:
        if not any(_covers(waiver, finding) for finding in found):
            about = f" at {waiver.question!r}" if waiver.question else ""
            what = f"the waiver of {waiver.rule}{about} silences nothing any more; delete it"
            yield Finding(Rule.UNUSED_WAIVER, waiver.question, None, what, waiver.rule)
