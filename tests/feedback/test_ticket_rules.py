from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedback.ticket_patterns import pattern_fault
from feedback.tickets import Delimited, Form, Json, Regex, Url, ticket_faults
from tests.feedback.tickets import ADDRESS, OBJECT, PLAIN, SEMICOLONS, rules


def test_sound_rules_have_no_fault() -> None:
    assert list(ticket_faults(rules(PLAIN, SEMICOLONS, OBJECT, ADDRESS))) == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"scope": ""}, "scope '' is no key of a site"),
        ({"centre": "ЦНАП"}, "centre 'ЦНАП' must be small Latin letters"),
        ({"time_zone": "Europe/Kiyv"}, "time_zone 'Europe/Kiyv' is no time zone"),
        ({"public_key": "0A" * 32}, "public_key must be 64 small hexadecimal digits"),
        ({"max_age_h": 0}, "max_age_h 0 must be more than 0 and at most 72"),
        ({"max_age_h": float("nan")}, "max_age_h nan"),
        ({"max_age_h": 73}, "max_age_h 73"),
        ({"desks": {"": "center-1"}}, "desks must be"),
        ({"services": {"x": ""}}, "services must be"),
    ],
)
def test_a_fault_is_one_sentence(changes: dict[str, Any], complaint: str) -> None:
    (fault,) = ticket_faults(rules(PLAIN, **changes))
    assert complaint in fault


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        (Regex(name="own", pattern="(?P<number>"), "it is no regular expression: missing )"),
        (Regex(name="own", pattern="[0-9]+"), "it needs a group (?P<number>…)"),
        (Regex(name="own", pattern="(?P<num>[0-9]+)"), "its group 'num' is no field"),
        (Regex(name="own", pattern="(?P<number>[[a]])"), "it is no regular expression: Possible nested set"),
        (Regex(name="own", pattern="(?P<number>1)" + "x" * 500), "500 are the most"),
        (Regex(name="own", pattern="(" * 30 + "(?P<number>1)" + ")" * 30), "nested too deeply"),
        (Regex(name="signed", pattern="(?P<number>1)"), "needs a name of its own"),
        (Regex(name="", pattern="(?P<number>1)"), "needs a name of its own"),
        (Delimited(name="own", separator="", fields=("number",)), "its separator is empty"),
        (Delimited(name="own", separator=";", fields=("day", "")), "it needs number, desk or service"),
        (Delimited(name="own", separator=";", fields=("number", "numbre")), "'numbre' is no field; did you mean 'number'?"),
        (Delimited(name="own", separator=";", fields=("number", "number")), "a field is named twice"),
        (Json(name="own", fields={"number": ""}), "every field needs a place"),
        (Json(name="own", fields={}), "it needs number, desk or service"),
        (Url(name="own", prefix="queue.example", fields={"number": "1"}), "must be the beginning of an address"),
        (Url(name="own", prefix="https://queue.example/?", fields={"number": "1"}), "must be the beginning of an address"),
    ],
)
def test_a_form_that_cannot_work_is_refused(form: Form, complaint: str) -> None:
    (fault,) = ticket_faults(rules(form))
    assert fault.startswith(f"tickets: form {form.name!r}")
    assert complaint in fault


def test_two_forms_of_one_name_are_refused() -> None:
    (fault,) = ticket_faults(rules(PLAIN, PLAIN))
    assert fault == "tickets: form 'plain' needs a name of its own, which no other form has"


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<number>(a+)+)b",
        r"(?P<number>(a|aa)+)b",
        r"(?P<number>(a*)*)b",
        r"(?P<number>(.?){30})b",
        r"(?P<number>.*.*.*)b",
        r"(?P<number>([a-z]+[a-z]+)+)b",
        r"(?P<number>(?:(?:(?:){5000}){5000}){5000})",
        r"(?P<number>(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a)(a|a))b",
        r"(?=(?P<number>(a+)+)b)",
        r"(?P<number>(a|a){19})[ab]{450}c",
        r"(?P<number>(a|a){19})(a{1}){480}c",
    ],
)
def test_a_pattern_that_could_run_for_ever_is_refused(pattern: str) -> None:
    assert "busy for too long" in str(pattern_fault(pattern))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?P<number>[A-ZА-ЯІЇЄҐ]-?[0-9]{1,4})",
        r"(?P<number>[^;]+);(?P<day>.+)",
        r"(?P<number>[^;]{1,20});(?P<day>[^;]{1,30});(?P<desk>[^;]{1,20})",
        r"(?P<desk>[0-9]{1,2})(?P<number>[0-9]{3})(?P<day>[0-9]{8})",
        r"(?i)ticket (?P<number>(?:[a-z]|[0-9]){1,6})(?: desk (?P<desk>[0-9]+))?",
        r"(?P<day>[0-9]{4}(?:-[0-9]{2}){2})/(?P<number>\w+)",
    ],
)
def test_usual_patterns_are_taken(pattern: str) -> None:
    assert pattern_fault(pattern) is None


atoms = st.sampled_from(["a", "b", ".", "[ab]", r"\w", "(a|ab)", "(a|a)", "(?:a|b|ab)", "^", "$", ""])
repeats = st.sampled_from(["", "", "*", "+", "?", "{0,9}", "{2,20}", "*?", "{3}"])


def grouped(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda parts, repeat: f"(?:{''.join(parts)}){repeat}", st.lists(inner, min_size=1, max_size=4), repeats)


patterns = st.recursive(st.builds(lambda atom, repeat: f"(?:{atom}){repeat}", atoms, repeats), grouped, max_leaves=8)


@given(patterns, st.sampled_from(["a", "ab", "b", "aab"]), st.sampled_from(["", "c", "\n"]))
def test_what_is_taken_is_done_with_any_code_in_a_moment(pattern: str, unit: str, end: str) -> None:
    whole = f"(?P<number>{pattern})"
    if pattern_fault(whole) is None:
        code = (unit * 512)[: 512 - len(end)] + end
        began = time.process_time()
        re.fullmatch(whole, code)
        assert time.process_time() - began < 2.0, "slower than any visitor waits"
