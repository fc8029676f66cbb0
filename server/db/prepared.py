"""Statements that read, made once for both kinds of database, and the same for any number of values that they look for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import String, any_, bindparam, func, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from server.db.driver import say

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Column, ColumnElement, Connection, Dialect
    from sqlalchemy.sql.expression import SelectBase
    from sqlalchemy.types import TypeEngine

    Among = Callable[[Column[Any], str], ColumnElement[bool]]
    _Change = Callable[[Any], Any]


class Prepared:
    """A statement that reads.

    `build` is given what says that a column's value is among those of a named parameter: on PostgreSQL an array, on SQLite a JSON list.
    """

    def __init__(self, build: Callable[[Among], SelectBase]) -> None:
        self._build = build
        self._made: dict[str, _Made] = {}

    def rows(self, connection: Connection, **values: Any) -> Sequence[tuple[Any, ...]]:  # noqa: ANN401 - values of columns
        """Give what is found."""
        made = self._made.get(connection.dialect.name)
        if made is None:
            made = self._made[connection.dialect.name] = _make(self._build, connection.dialect)
        return made.rows(connection, values)


class _Made(NamedTuple):
    """The statement in a driver's words. `values` are those that it names itself; changed is what driver and program write otherwise."""

    statement: str
    values: Mapping[str, Any]
    given: Mapping[str, _Change]
    found: Sequence[tuple[int, _Change]]

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        said = {**self.values, **values}
        for name, change in self.given.items():
            said[name] = change(said[name])
        rows: list[tuple[Any, ...]] = say(connection, self.statement, said).fetchall()
        if not (rows and self.found):
            return rows
        return [self._changed(row) for row in rows]

    def _changed(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        values = list(row)
        for place, change in self.found:
            values[place] = change(values[place])
        return tuple(values)


def _make(build: Callable[[Among], SelectBase], dialect: Dialect) -> _Made:
    is_sqlite = dialect.name == "sqlite"
    listed: dict[str, TypeEngine[Any]] = {}

    def among(column: Column[Any], parameter: str) -> ColumnElement[bool]:
        if not is_sqlite:
            # A cast to varchar(n) would cut a value that is too long, and find what was not looked for.
            kind = String() if isinstance(column.type, String) else column.type
            return column == any_(bindparam(parameter, type_=ARRAY(kind)))
        listed[parameter] = column.type
        each = func.json_each(bindparam(parameter, type_=String())).table_valued("value")
        return column.in_(select(each.c.value))

    statement = build(among)
    named = sqlite.dialect(paramstyle="named") if is_sqlite else dialect
    compiled: Any = statement.compile(dialect=named)
    given = {name: change for name, bound in compiled.binds.items() if (change := _bound(bound.type, named)) is not None}
    given |= {name: _lister(_bound(kind, named)) for name, kind in listed.items()}
    processors = [column.type.dialect_impl(named).result_processor(named, None) for column in statement.selected_columns]
    found = [(place, change) for place, change in enumerate(processors) if change is not None]
    return _Made(str(compiled), {name: value for name, value in compiled.params.items() if value is not None}, given, found)


def _bound(kind: TypeEngine[Any], dialect: Dialect) -> _Change | None:
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _lister(change: _Change | None) -> Callable[[Collection[Any]], str]:
    return lambda values: msgspec.json.encode([*map(change, values)] if change else [*values]).decode()
