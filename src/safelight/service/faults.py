"""Unexpected errors, faults of the service itself: told to its operator in full, to the client by an id alone."""

import logging
import traceback
import uuid

LOGGER = logging.getLogger("safelight.service")
FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_ID = "_safelight_fault"  # of an error that was logged


def log_fault(error: BaseException) -> str:
    """Log where an error came from; the id that the log has it under. The same error is logged once.

    The log has the kinds of errors and the lines of code that they went through, not what they say: that could name
    a photo, a path or a token.
    """
    known = getattr(error, _ID, None)
    if isinstance(known, str):
        return known
    fault = str(uuid.uuid4())
    setattr(error, _ID, fault)
    LOGGER.error("fault %s\n%s", fault, _trace(error))
    return fault


def log_to_stderr() -> None:
    """Have faults printed with their time, unless whoever runs the service has set up logging otherwise."""
    if LOGGER.hasHandlers():
        return
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(FORMAT))
    LOGGER.addHandler(handler)


def _trace(error: BaseException) -> str:
    """As Python prints a traceback, the first cause first, without the words of the errors."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None and seen not in chain:
        chain.insert(0, seen)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "".join(map(_one, chain)).rstrip()


def _one(error: BaseException) -> str:
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    lines = "".join(traceback.format_tb(error.__traceback__))
    return (
        "".join(_one(each) for each in parts)
        + f"{lines}{type(error).__module__}.{type(error).__qualname__}\n"
    )
