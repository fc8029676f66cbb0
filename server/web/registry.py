"""The registry on pages: lists, a form for each entry, and the registry's file with a look at what it would change before it is loaded."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException, NotFoundException
from litestar.params import Body, FromPath
from litestar.response import Redirect

from server.audit.acts import Act
from server.db.engine import reading, writing
from server.errors import ServerError
from server.registry import bundle
from server.registry.changes import CENTRE
from server.registry.checks import LISTS, problems_of
from server.registry.export import read_registry
from server.registry.load import ObstacleError, load_registry, preview
from server.registry.names import history
from server.registry.problems import RegistryFileError
from server.registry.settings import check_sizes, number_settings
from server.web import registry_forms as forms
from server.web.access import FOR_ADMINS, Asked, note
from server.web.context import TheWeb, Web, read_centre
from server.web.language import N_
from server.web.rendering import language_of, page
from server.web.uploads import read_files_form

if TYPE_CHECKING:
    import msgspec
    from sqlalchemy import Connection

    from server.registry.file import RegistryFile
    from server.registry.problems import Problem

ROOMS: Final = {
    "sites": N_("Sites"),
    "desks": N_("Desks"),
    "services": N_("Services"),
    "clerks": N_("Clerks"),
    "kiosks": N_("Kiosks"),
}
WHATS: Final = ROOMS | {CENTRE: N_("Centre")}
FIELDS: Final = forms.LABELS
MAX_FILE_BYTES: Final = 8 * 2**20
_MAX_FORM_BYTES: Final = MAX_FILE_BYTES * 3 // 2
_Form = Body(media_type=RequestEncodingType.URL_ENCODED)


@get("/registry", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def show_registry(request: Asked, web: TheWeb) -> Response[str]:
    """Show what there is, and the registry's file."""
    return _overview(request, web)


@get("/registry/{what:str}", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def show_list(request: Asked, web: TheWeb, what: FromPath[str]) -> Response[Any]:
    """Show one list."""
    if what not in ROOMS:
        raise NotFoundException
    with reading(web.engine) as connection:
        registry = read_registry(connection)
    entries = getattr(registry, what)
    names = {site.key: site.name for site in registry.sites} | {desk.key: f"№ {desk.number}" for desk in registry.desks}
    shown: dict[str, Any] = {"what": what, "rooms": ROOMS, "names": names}
    shown["in_use"] = [entry for entry in entries if not getattr(entry, "retired", "")]
    shown["retired"] = [entry for entry in entries if getattr(entry, "retired", "")]
    return page(request, "registry-list.html", **shown)


@get("/registry/{what:str}/add", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def show_adding(request: Asked, web: TheWeb, what: FromPath[str]) -> Response[Any]:
    """Show the empty form of a new entry."""
    if what not in LISTS:
        raise NotFoundException
    return _entry(request, web, what, None)


@post("/registry/{what:str}/add", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def add(request: Asked, web: TheWeb, what: FromPath[str], data: Annotated[dict[str, str], _Form]) -> Response[Any]:
    """Add an entry."""
    if what not in LISTS:
        raise NotFoundException
    return _save(request, web, what, None, data)


@get("/registry/{what:str}/entries/{key:str}", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def show_entry(request: Asked, web: TheWeb, what: FromPath[str], key: FromPath[str]) -> Response[Any]:
    """Show an entry's form, and what it was called."""
    return _entry(request, web, what, key)


@post("/registry/{what:str}/entries/{key:str}", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def change(request: Asked, web: TheWeb, what: FromPath[str], key: FromPath[str], data: Annotated[dict[str, str], _Form]) -> Response[Any]:
    """Change an entry, retire it, or take it into use again."""
    return _save(request, web, what, key, data)


@get("/registry/centre", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def show_centre(request: Asked, web: TheWeb) -> Response[Any]:
    """Show the form of what holds for the whole centre."""
    return _entry(request, web, CENTRE, "")


@post("/registry/centre", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def change_centre(request: Asked, web: TheWeb, data: Annotated[dict[str, str], _Form]) -> Response[Any]:
    """Change what holds for the whole centre."""
    return _save(request, web, CENTRE, "", data)


@get("/registry-file/{format_:str}", opt=FOR_ADMINS, sync_to_thread=True, include_in_schema=False)
def download(web: TheWeb, format_: FromPath[str]) -> Response[bytes]:
    """Give the registry with its pictures as a ZIP."""
    if format_ not in {"yaml", "csv"}:
        raise NotFoundException
    with reading(web.engine) as connection:
        packed = bundle.pack(bundle.export(connection, "csv" if format_ == "csv" else "yaml"))
    headers = {"content-disposition": f'attachment; filename="registry-{format_}.zip"'}
    return Response(packed, media_type="application/zip", headers=headers)


@post("/registry-file", opt=FOR_ADMINS, include_in_schema=False, request_max_body_size=_MAX_FORM_BYTES)
async def look_at_file(request: Asked, web: TheWeb) -> Response[Any]:
    """Show what a registry's file would change; nothing is changed."""
    body = await request.body()
    return await sync_to_thread(_take_file, request, web, body)


def _take_file(request: Asked, web: Web, body: bytes) -> Response[Any]:
    """Look at a file that was brought, or load one that was looked at and comes again as it was."""
    form = read_files_form(request.headers.get("content-type", ""), body)
    words = language_of(request).words
    try:
        content = form["file"].raw if "file" in form else b64decode(form["looked"].raw, validate=True)
        name = (form["file"].filename or "registry.yaml") if "file" in form else form["name"].raw.decode()
    except (KeyError, ValueError) as error:
        raise ClientException from error
    try:
        registry, pictures = bundle.parse_files(bundle.unpack(name, content))
        with writing(web.engine) as connection:
            if "file" not in form:
                loaded = load_registry(connection, registry, pictures, now_ms=web.now_ms())
                _settle(connection, web)
                note(connection, request, Act.REGISTRY_LOADED, name, added=loaded.added, changed=loaded.changed)
                return Redirect("/registry", status_code=303)
            seen = preview(connection, registry, pictures, now_ms=web.now_ms())
    except RegistryFileError as error:
        return _overview(request, web, [one.sentence(words.gettext) for one in error.found])
    except ObstacleError as error:
        said = zip(error.places, error.problems, strict=True)
        return _overview(request, web, [f"{place}: {problem.sentence(words.gettext)}" for place, problem in said])
    except ServerError as error:
        return _overview(request, web, [str(error)])
    looked = b64encode(content).decode()
    return page(request, "registry-preview.html", seen=seen, name=name, looked=looked, whats=WHATS, fields=FIELDS)


def _overview(request: Asked, web: Web, problems: list[str] | None = None) -> Response[str]:
    with reading(web.engine) as connection:
        registry = read_registry(connection)
    counts = {what: sum(not getattr(entry, "retired", "") for entry in getattr(registry, what)) for what in ROOMS}
    status = 422 if problems else 200
    return page(request, "registry.html", status_code=status, rooms=ROOMS, counts=counts, name=registry.centre, problems=problems or [])


def _entry(  # noqa: PLR0913, PLR0917 - one of each
    request: Asked, web: Web, what: str, key: str | None, data: dict[str, str] | None = None, problems: dict[str, list[str]] | None = None
) -> Response[Any]:
    with reading(web.engine) as connection:
        registry, centre = read_registry(connection), read_centre(connection)
        was = history(connection, what.removesuffix("s"), key) if key is not None else []
    entry = None if key is None else _find(registry, what, key)
    values: dict[str, Any] = {
        "what": what,
        "key": key,
        "entry": entry,
        "room": WHATS[what],
        "inputs": forms.inputs(registry, what, entry, data),
        "history": was,
        "centre": centre,
        "problems": problems or {},
    }
    return page(request, "registry-entry.html", status_code=422 if problems else 200, **values)


def _save(request: Asked, web: Web, what: str, key: str | None, data: dict[str, str]) -> Response[Any]:
    """Put one entry into the registry as a load would; where that is refused, show the form again with the reason beside each field."""
    with writing(web.engine) as connection:
        old = read_registry(connection)
        entry = None if key is None else _find(old, what, key)
        try:
            new, index = forms.changed(old, what, entry, data, today=web.today(read_centre(connection)))
            problems = list(problems_of(new))
            if not problems:
                loaded = load_registry(connection, new, now_ms=web.now_ms())
                _settle(connection, web)
                note(connection, request, Act.REGISTRY_LOADED, f"{what} {key or ''}".rstrip(), added=loaded.added, changed=loaded.changed)
        except forms.FormError as error:
            problems, index = [*error.problems], None
        except ObstacleError as error:
            problems = list(error.problems)
            connection.rollback()
    if problems:
        return _entry(request, web, what, key, data, _by_field(request, problems, what, index))
    return Redirect("/registry" if what == CENTRE else f"/registry/{what}", status_code=303)


def _settle(connection: Connection, web: Web) -> None:
    check_sizes(connection)
    number_settings(connection, now_ms=web.now_ms())


def _by_field(request: Asked, problems: list[Problem], what: str, index: int | None) -> dict[str, list[str]]:
    """Give the problems of the entry by the form's fields; those of something else stand under ""."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        path = problem.path
        if index is not None and path[:2] == (what, index):
            path = path[2:]
        field = str(path[0]) if path and path[0] in FIELDS else ""
        found.setdefault(field, []).append(problem.sentence(language_of(request).words.gettext))
    return found


def _find(registry: RegistryFile, what: str, key: str) -> msgspec.Struct:
    if what == CENTRE:
        return registry
    if what in ROOMS:
        for entry in getattr(registry, what):
            if getattr(entry, "key", None) == key or getattr(entry, "id", None) == key:
                return entry  # type: ignore[no-any-return]
    raise NotFoundException


ROUTES: Final = [show_registry, show_list, show_adding, add, show_entry, change, show_centre, change_centre, download, look_at_file]
