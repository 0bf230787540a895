"""Write a file in one step: a reader sees the old content or all of the new, never a part."""

import contextlib
import secrets
from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Give the file `path` this content, in a folder that exists.

    Raises OSError where that fails: the file is then as it was before, or still missing.
    """
    # Not a file of `tempfile`: only its owner could read it, and a class may share this one.
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
