"""The queue system on the web: an export is uploaded, looked at and imported, and what has come by key is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body, FromPath
from litestar.response import Redirect

from server.audit.acts import Act
from server.db.engine import reading, writing
from server.errors import QueueError, RegistryError
from server.queue import importing, keys, store
from server.queue.columns import Field, missing, names_visitors
from server.queue.importing import Said
from server.queue.problems import UNKNOWN_DESK, WHOLE
from server.ratings.queries import list_sites
from server.web.access import FOR_IMPORTERS, Asked, note
from server.web.context import TheWeb, Web, read_centre
from server.web.language import N_
from server.web.rendering import language_of, page
from server.web.uploads import MAX_FORM_BYTES, Uploads, read_form

if TYPE_CHECKING:
    from collections.abc import Mapping

    from server.queue.importing import Report
    from server.queue.problems import Problem
    from server.web.uploads import Upload

FIELDS: Final = {
    Field.NUMBER: N_("Ticket number"),
    Field.DAY: N_("Day"),
    Field.ISSUED: N_("Issued"),
    Field.CALLED: N_("Called"),
    Field.STARTED: N_("Service began"),
    Field.ENDED: N_("Service ended"),
    Field.DESK: N_("Desk"),
    Field.SERVICE: N_("Service"),
    Field.CLERK: N_("Clerk"),
    Field.STATE: N_("State"),
}
_OF_A_TICKET: Final = N_("ticket %(place)s of the list: %(problem)s")
_SHOWN: Final = 100
_MEANS: Final = ("column", "desk", "service")


_Form = Body(media_type=RequestEncodingType.URL_ENCODED)
TheUploads = NamedDependency[Uploads]


@get("/queue", opt=FOR_IMPORTERS, sync_to_thread=True, include_in_schema=False)
def show_queue(request: Asked, web: TheWeb) -> Response[str]:
    """Show what was imported and pushed, and the form for another export."""
    return _queue(request, web)


@post("/queue", opt=FOR_IMPORTERS, include_in_schema=False, request_max_body_size=MAX_FORM_BYTES)
async def upload(request: Asked, web: TheWeb, uploads: TheUploads) -> Response[Any]:
    """Read an export and keep it for whoever brought it until they import it."""
    body = await request.body()
    return await sync_to_thread(_keep, request, web, uploads, body)


@get("/queue/files/{key:str}", opt=FOR_IMPORTERS, sync_to_thread=True, include_in_schema=False)
def show_file(request: Asked, web: TheWeb, uploads: TheUploads, key: FromPath[str]) -> Response[Any]:
    """Show what an export's columns are taken to mean, and what it would change."""
    return _look(request, web, _find(request, web, uploads, key), Said(), key)


@post("/queue/files/{key:str}", opt=FOR_IMPORTERS, sync_to_thread=True, include_in_schema=False)
def import_file(
    request: Asked, web: TheWeb, uploads: TheUploads, key: FromPath[str], data: Annotated[dict[str, str], _Form]
) -> Response[Any]:
    """Look again with other meanings, or import."""
    found = _find(request, web, uploads, key)
    means: dict[str, dict[str, str]] = {what: {} for what in _MEANS}
    for name, value in data.items():
        what, _, named = name.partition(":")
        if what in means and (value or what == "column"):
            means[what][named] = value
    columns = {Field(name): value for name, value in means["column"].items() if name in set(Field)}
    said = Said(columns=columns, desks=means["desk"], services=means["service"])
    answer = _look(request, web, found, said, key, keep=data.get("act") == "import")
    if isinstance(answer, Redirect):
        uploads.forget(key)
    return answer


def _keep(request: Asked, web: Web, uploads: Uploads, body: bytes) -> Response[Any]:
    brought = read_form(request.headers.get("content-type", ""), body)
    try:
        with reading(web.engine) as connection:
            importing.find_site(connection, brought.site)
        file = importing.read_file(brought.name, brought.content, request.user.id if request.user else 0)
    except RegistryError as error:
        raise NotFoundException from error
    except QueueError as error:
        return _queue(request, web, error)
    return Redirect(f"/queue/files/{uploads.keep(file, brought.site, web.now_ms())}", status_code=303)


def _find(request: Asked, web: Web, uploads: Uploads, key: str) -> Upload:
    found = uploads.find(key, request.user.id if request.user else 0, web.now_ms())
    if found is None:
        raise NotFoundException
    return found


def _look(  # noqa: PLR0913 - one of each
    request: Asked, web: Web, found: Upload, said: Said, key: str, *, keep: bool = False
) -> Response[Any]:
    """Show what an export would change, or import it and go back; one that is refused changes nothing and says why."""
    report, desks, services = None, [], []
    with writing(web.engine) as connection:
        try:
            plan = importing.plan_import(connection, found.site, found.file, said)
        except RegistryError:  # no form of ours sends that
            raise NotFoundException from None
        except QueueError as error:
            problem = _translated(request, error.says, error.values)
            plan = importing.plan_import(connection, found.site, found.file, Said(desks=said.desks, services=said.services))
        else:
            problem = _translated(request, missing(plan.map.columns))
        if not problem:
            report = importing.run(connection, plan, now_ms=web.now_ms(), keep=keep)
            if report.is_stored:
                note(connection, request, Act.QUEUE_IMPORTED, found.site, file=found.file.name, tickets=report.taken.tickets)
        site_id = importing.find_site(connection, found.site)
        desks, services = store.list_desks(connection, site_id), store.list_services(connection)
        site = next(one for one in list_sites(connection) if one.id == site_id)
    if report is not None and report.is_stored:
        return Redirect("/queue", status_code=303)
    values: dict[str, Any] = {
        "plan": plan,
        "offered": [name for name in plan.file.table.header if not names_visitors(name)],
        "fields": FIELDS,
        "report": report,
        "problem": problem,
        "problems": [] if report is None else [(one.line, _say(request, one)) for one in _in_order(report)[:_SHOWN]],
        "unknown": {} if report is None else _unknown_desks(report),
        "desks": desks,
        "services": services,
        "site": site,
        "key": key,
    }
    return page(request, "queue-file.html", status_code=422 if keep else 200, **values)


def _queue(request: Asked, web: Web, error: QueueError | None = None) -> Response[str]:
    with reading(web.engine) as connection:
        values: dict[str, Any] = {
            "imports": importing.latest_imports(connection),
            "keys": keys.list_keys(connection),
            "sites": list_sites(connection),
            "centre": read_centre(connection),
        }
    values["names"] = {site.key: site.name for site in values["sites"]}
    problem = None if error is None else _translated(request, error.says, error.values)
    refusals = {key.name: _refusal(request, key.problem) for key in values["keys"] if key.problem}
    return page(request, "queue.html", status_code=200 if error is None else 422, problem=problem, refusals=refusals, **values)


def _translated(request: Asked, says: str, values: Mapping[str, str] | None = None) -> str:
    return language_of(request).words.gettext(says) % (values or {}) if says else ""


def _refusal(request: Asked, problem: Problem) -> str:
    """Write why a push was refused; tickets are counted from 0, as whoever wrote the program counts them."""
    if problem.line == WHOLE:
        return _say(request, problem)
    return _translated(request, _OF_A_TICKET, {"place": str(problem.line), "problem": _say(request, problem)})


def _in_order(report: Report) -> list[Problem]:
    return sorted(report.reading.problems, key=lambda problem: problem.line)


def _unknown_desks(report: Report) -> Mapping[str, int]:
    names = [problem.values["desk"] for problem in report.reading.problems if problem.says == UNKNOWN_DESK]
    return {name: names.count(name) for name in dict.fromkeys(names)}


def _say(request: Asked, problem: Problem) -> str:
    """Write a problem in the reader's language; where no column has a name for it, the field's."""
    words = language_of(request).words
    values = {name: words.gettext(FIELDS[Field(value)]) if value in set(Field) else value for name, value in problem.values.items()}
    return words.gettext(problem.says) % values


ROUTES: Final = [show_queue, upload, show_file, import_file]
