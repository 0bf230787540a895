"""What the room knows, in SQLite: facts for which the order and number of reports do not matter.

A learner is a keyed hash of the name. The name itself is kept only while a hand is up.

    kind     item                value
    result   "1.2"               "solved" or "begun"; what is solved stays solved
    mistake  "1.2 A sentence."   "made"
    hand     ""                  "1.2 name"
    ballot   "02.window 1"       "B", in the first round
"""

import hashlib
import hmac
import secrets
import sqlite3
from pathlib import Path
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS fact(class, learner, kind, item, value, at,
    PRIMARY KEY (class, learner, kind, item)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session(class PRIMARY KEY, question, round, ended);
"""


class Store:
    """The database in a folder, and the key of its hashes beside it. Raises sqlite3.Error."""

    def __init__(self, folder: Path) -> None:
        key = folder / "key"
        if not key.exists():
            key.touch(0o600)
            key.write_bytes(secrets.token_bytes(32))
        self.key = key.read_bytes()
        self.database = sqlite3.connect(folder / "room.sqlite")
        # What was acknowledged survives a power cut, and what was deleted is overwritten.
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            self.database.execute(f"PRAGMA {setting}")
        self.database.executescript(TABLES)

    def put(self, class_: str, name: str, at: float, *facts: tuple[str, str, Any]) -> None:
        """Keep facts (kind, item, value) about a learner, all or none."""
        learner = self._hashed(class_, name)
        with self.database:
            self.database.executemany(
                "INSERT INTO fact VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " value = iif(kind = 'result', max(value, excluded.value), excluded.value),"
                " at = max(at, excluded.at)",
                [(class_, learner, *fact, at) for fact in facts],
            )

    def forget(self, class_: str, name: str, kind: str = "") -> None:
        """Delete what is known about a learner, of one kind or all."""
        where = "DELETE FROM fact WHERE class = ? AND learner = ? AND ? IN (kind, '')"
        with self.database:
            self.database.execute(where, (class_, self._hashed(class_, name), kind))

    def counts(self, class_: str, kind: str, since: float = 0) -> dict[str, dict]:
        """How many learners, {item: {value: number}}, for the facts of a kind."""
        found: dict[str, dict] = {}
        command = "SELECT item, value, count(*) FROM fact WHERE class = ? AND kind = ? AND at >= ?"
        values = (class_, kind, since)
        for item, value, n in self.database.execute(f"{command} GROUP BY item, value", values):
            found.setdefault(item, {})[value] = n
        return found

    def session(self, class_: str) -> tuple[str, int, float]:
        """The question of the vote and its round, 0 if none is open; the last session's end."""
        command = "SELECT question, round, ended FROM session WHERE class = ?"
        return self.database.execute(command, (class_,)).fetchone() or ("", 0, 0.0)

    def set_session(self, class_: str, question: str, round_: int, ended: float) -> None:
        """Keep what `session` returns."""
        with self.database:
            command = "INSERT OR REPLACE INTO session VALUES (?, ?, ?, ?)"
            self.database.execute(command, (class_, question, round_, ended))

    def delete_before(self, at: float, class_: str = "") -> None:
        """Delete older facts, of one class or of all."""
        with self.database:
            command = "DELETE FROM fact WHERE at <= ? AND ? IN (class, '')"
            self.database.execute(command, (at, class_))
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _hashed(self, class_: str, name: str) -> str:
        return hmac.new(self.key, f"{class_}\0{name}".encode(), hashlib.sha256).hexdigest()
