from __future__ import annotations

import pytest

from server.errors import QueueError
from server.queue.columns import Field, choose, guess, header_digest, missing, names_visitors
from server.queue.names import Named, Names, clerk_key
from server.queue.ticket import State, state_of

HEADER = ("Талон", "Час видачі", "Початок обслуговування", "Завершення", "Вікно", "Послуга", "Оператор", "ПІБ відвідувача", "Телефон")


def test_known_headings_are_guessed() -> None:
    found = guess(HEADER)
    assert {field: found[field] for field in (Field.NUMBER, Field.ISSUED, Field.STARTED, Field.ENDED, Field.DESK)} == {
        Field.NUMBER: "Талон",
        Field.ISSUED: "Час видачі",
        Field.STARTED: "Початок обслуговування",
        Field.ENDED: "Завершення",
        Field.DESK: "Вікно",
    }
    assert found[Field.CLERK] == "Оператор"
    assert not missing(found)


PERSONAL = (
    "ПІБ|П.І.Б. заявника|Ім’я|Прізвище|Телефон|Моб. тел.|E-mail|Електронна пошта|РНОКПП|ІПН|Паспорт|Адреса|Дата народження|УНЗР"
    "|customer_name|Phone|Client"
)


@pytest.mark.parametrize("name", PERSONAL.split("|"))
def test_columns_that_name_visitors_are_known_and_can_never_be_chosen(name: str) -> None:
    assert names_visitors(name)
    with pytest.raises(QueueError, match="never read"):
        choose((name, "Талон"), {Field.CLERK: name})


@pytest.mark.parametrize("name", [*HEADER[:7], "ПІБ адміністратора", "Назва послуги", "Прізвище працівника", "Service name"])
def test_columns_that_do_not_are_not_taken_for_such(name: str) -> None:
    assert not names_visitors(name)


def test_a_choice_is_checked_with_a_hint() -> None:
    assert choose(HEADER, {Field.NUMBER: "талон", Field.CLERK: ""}) == {Field.NUMBER: "Талон"}
    with pytest.raises(QueueError, match="did you mean 'Талон'"):
        choose(HEADER, {Field.NUMBER: "Талони"})
    with pytest.raises(QueueError, match="two things"):
        choose(HEADER, {Field.NUMBER: "Талон", Field.SERVICE: "Талон"})


@pytest.mark.parametrize("without", [Field.NUMBER, Field.DESK])
def test_what_is_missing_is_said(without: Field) -> None:
    assert missing({field: name for field, name in guess(HEADER).items() if field != without})
    assert "served" in missing({Field.NUMBER: "a", Field.DESK: "b", Field.ISSUED: "c"})
    assert "day" in missing({Field.NUMBER: "a", Field.DESK: "b", Field.STATE: "c"})


def test_a_heading_is_known_again_whatever_its_capitals() -> None:
    assert header_digest(("Талон", "Вікно:")) == header_digest(("талон", "ВІКНО"))
    assert header_digest(("a", "b")) != header_digest(("ab",))


def test_desks_are_found_by_what_queues_call_them() -> None:
    desks = [Named(1, "main-1", "1", "Паспорти"), Named(2, "main-2", "010", "Довідки"), Named(3, "main-3", "А", "Довідки")]
    names = Names(desks, {"Каса": "main-3"})
    found = {said: names.find(said) for said in ("1", "01", "Вікно № 1", "Стіл 10", "Робоче місце №010", "main-2", "паспорти", "а", "КАСА")}
    assert found == {"1": 1, "01": 1, "Вікно № 1": 1, "Стіл 10": 2, "Робоче місце №010": 2, "main-2": 2, "паспорти": 1, "а": 3, "КАСА": 3}
    assert names.find("Довідки") is None  # two desks are called so
    assert names.find("11") is None


def test_long_names_of_clerks_stay_apart() -> None:
    long = "Олександра-Вікторія Нечуй-Левицька-Старицька"
    assert clerk_key("  Коваль   Марія ") == "Коваль Марія"
    assert len(clerk_key(long)) == 32
    assert clerk_key(long + "а") != clerk_key(long)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Обслужено", State.SERVED),
        ("не обслужений", State.MISSED),
        ("Не з’явився", State.MISSED),
        ("Обслуговується", State.CALLED),
        ("Очікує", State.WAITING),
        ("served", State.SERVED),
        ("No show", State.MISSED),
        ("щось інше", None),
    ],
)
def test_words_for_states_are_understood(text: str, state: State | None) -> None:
    assert state_of(text) == state


def test_columns_whose_names_differ_only_in_capitals_are_two() -> None:
    header = ("Вікно", "вікно", "Талон")
    assert choose(header, {Field.DESK: "Вікно"}) == {Field.DESK: "Вікно"}
    assert choose(header, {Field.DESK: "вікно", Field.NUMBER: "талон"}) == {Field.DESK: "вікно", Field.NUMBER: "Талон"}
