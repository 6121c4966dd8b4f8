"""Why a command cannot go on: one sentence for a person, and an exit code."""

#: Exit codes. A signal's is 128 and its number, as shells have it.
DONE, FAILED, USAGE, NO_ANSWER, LOGIN, UNREACHABLE = range(6)


class Failed(Exception):
    """A window failed, or the service refused something."""

    code = FAILED


class Usage(Failed):
    """The command was used in a way that cannot work."""

    code = USAGE


class NoAnswer(Failed):
    """Some hosts did not answer."""

    code = NO_ANSWER


class LoginNeeded(Failed):
    """There is no login, or it was refused."""

    code = LOGIN


class Unreachable(Failed):
    """The service cannot be reached, or answers only that it cannot work now."""

    code = UNREACHABLE


#: What each status of an answer means for the command. Others are `Failed`.
_BY_STATUS: dict[int, type[Failed]] = {
    400: Usage,
    401: LoginNeeded,
    404: Usage,
    415: Usage,
    422: Usage,
    429: Unreachable,
    502: Unreachable,
    503: Unreachable,
    504: NoAnswer,
}


class Problem(Exception):
    """The service answered with an error."""

    def __init__(self, url: str, status: int, detail: str, request_id: str) -> None:
        super().__init__(detail)
        self.url, self.status, self.detail, self.request_id = url, status, detail, request_id
        #: How often it was asked. A change may have been made by a try whose answer was lost.
        self.tries = 1

    def failed(self) -> Failed:
        """Give what it means for the command."""
        return _BY_STATUS.get(self.status, Failed)(self.detail)


def told(error: Exception, *, verbose: bool) -> str:
    """Give the sentence for a person: what the error says, and which service has answered so.

    `verbose` adds the id of the request.
    """
    problem = error if isinstance(error, Problem) else error.__cause__
    if not isinstance(problem, Problem):
        return str(error)
    # People may have a profile that they do not think of.
    where = [] if problem.url in str(error) else [problem.url]
    if verbose:
        where.append(f"request {problem.request_id or 'unknown'}")
    return f"{error} ({', '.join(where)})" if where else str(error)


def reason(broken: Exception) -> str:
    """Give why the system could not do something, without its number of the error."""
    if isinstance(broken, UnicodeError):
        return "it is no text in UTF-8"
    return getattr(broken, "strerror", None) or str(broken)


class Gone(Exception):
    """Nobody reads standard output any more."""
