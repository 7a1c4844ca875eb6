"""botocore's models of AWS, parsed once for all sessions of a process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader


@contextmanager
def parsed_once() -> Iterator[None]:
    """botocore parses them for each session anew, which is most of what a small test takes."""
    make, parsed = botocore.session.create_loader, dict[Any, Any]()

    def create_loader(path: str | None = None) -> Loader:
        loader = make(path)
        loader._cache = parsed  # type: ignore[attr-defined]
        return loader

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", create_loader)
        yield
