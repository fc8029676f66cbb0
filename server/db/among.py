"""Statements that look for any of several values: on PostgreSQL one array, so that the statement is the same for any number of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import String, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Column, ColumnElement, Connection, Executable

    Among = Callable[[Column[Any], str], ColumnElement[bool]]


class Several:
    """A statement that is made once, for both kinds of database, from `build`.

    `build` is given what says that a column's value is among those of a named parameter.
    """

    def __init__(self, build: Callable[[Among], Executable]) -> None:
        self._for_postgres = build(_in_array)
        self._for_sqlite = build(_in_list)

    def on(self, connection: Connection) -> Executable:
        """Give the statement for a connection's database."""
        return self._for_postgres if connection.dialect.name == "postgresql" else self._for_sqlite


def _in_array(column: Column[Any], parameter: str) -> ColumnElement[bool]:
    # A cast to varchar(n) would cut a value that is too long, and find what was not looked for.
    kind = String() if isinstance(column.type, String) else column.type
    return column == any_(bindparam(parameter, type_=ARRAY(kind)))


def _in_list(column: Column[Any], parameter: str) -> ColumnElement[bool]:
    return column.in_(bindparam(parameter, expanding=True))
