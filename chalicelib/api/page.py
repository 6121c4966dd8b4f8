"""The page for people: its HTML, style sheet and scripts, as text files with strict headers."""

import functools
import hashlib
import html
import re
from pathlib import Path
from typing import NamedTuple

from chalice import Blueprint
from chalice.app import Request, Response

from chalicelib import errors
from chalicelib.api import access, links, params
from chalicelib.api.access import Access

api = Blueprint(__name__)

_FOLDER = Path(__file__).parent.parent / "page"
_INDEX = "index.html"
#: Text only: API Gateway would garble a binary body for clients that do not ask for it by name.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
#: What a browser may do on our behalf: nothing, but run our files and ask our API.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_ALWAYS = "public, max-age=31536000, immutable"
#: Where one file names another one of them.
_REFERENCE = re.compile(r'"(?:\./)?([a-z]+\.(?:css|js))"')
#: What is not sent, a quarter of the page: indentation, comments of scripts, needless spaces.
_INDENTED = re.compile(r"^\s+", re.MULTILINE)
_COMMENTS = re.compile(r"^(//|/\*\*|\*|\*/).*\n", re.MULTILINE)
_AROUND = re.compile(r"\s*([{};,>])\s*|(?<=:)\s+")
#: A line of a script in which spaces matter between double quotes alone: it has no template, no
#: pattern and no comment.
_CODE = re.compile(r"^[^'`/\n]+$", re.MULTILINE)
_SIGNS = re.compile(r'("[^"]*")| ?([=<>,:?{}()&|;!*]+) ?')


class Files(NamedTuple):
    """The files of the page by name, as they are sent, and the version of all of them together."""

    version: str
    texts: dict[str, str]


@functools.cache
def files() -> Files:
    """Read the files once. Each names the others with their version, so browsers may keep them."""
    read = {it.name: _lean(it) for it in _FOLDER.iterdir() if it.suffix in TYPES}
    version = hashlib.sha256(repr(sorted(read.items())).encode()).hexdigest()[:8]
    named = rf'"./\1?v={version}"'
    return Files(version, {name: _REFERENCE.sub(named, text) for name, text in read.items()})


def _lean(path: Path) -> str:
    text = _INDENTED.sub("", path.read_text("utf-8"))
    if path.suffix == ".css":
        return _AROUND.sub(r"\1", text).replace(";}", "}")
    if path.suffix == ".js":
        return _CODE.sub(lambda line: _SIGNS.sub(r"\1\2", line[0]), _COMMENTS.sub("", text))
    return text


@access.route(api, "/page", "GET", to=Access.OPEN)
def show_page() -> Response:
    """Show the page itself, which has nothing of anybody in it."""
    request = api.current_request
    params.nothing(request)
    return _answer(request, _INDEX, _index(request), "no-cache")


@access.route(api, "/page/{name}", "GET", to=Access.OPEN)
def show_file(name: str) -> Response:
    """Show a style sheet or a script. Browsers may keep one that is asked for by its version."""
    request = api.current_request
    given = params.version(request)
    found = files()
    if name not in found.texts or name == _INDEX:
        raise errors.NoSuchPath
    caching = _ALWAYS if given == found.version else "no-cache"
    return _answer(request, name, found.texts[name], caching)


def _index(request: Request) -> str:
    """Give the HTML. Its links are relative to ``/page/``, so without that slash they are not."""
    text = files().texts[_INDEX]
    if str(request.context.get("path")).endswith("/"):
        return text
    folder = html.escape(links.prefix(request)) + "/page/"
    return text.replace('"./', f'"{folder}')


def _answer(request: Request, name: str, text: str, caching: str) -> Response:
    tag = f'W/"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'
    headers: dict[str, str | list[str]] = {**HEADERS, "Cache-Control": caching, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response("", headers, 304)
    return Response(text, {**headers, "Content-Type": TYPES[Path(name).suffix]})
