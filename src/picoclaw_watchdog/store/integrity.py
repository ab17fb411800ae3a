"""Whether the database is whole, asked without writing anything."""

import os
import sqlite3

from picoclaw_watchdog.store.kept import NAME

_BUSY_SECONDS = 1.0


def damage(folder: str) -> str | None:
    """What SQLite finds wrong with `watchdog.db`; empty where nothing is, or there is none.

    None: it could not be asked now, for instance because a cycle is writing.
    """
    path = os.path.join(folder, NAME)
    if not os.path.exists(path):
        return ""
    from urllib.parse import quote

    try:
        db = sqlite3.connect(f"file:{quote(path)}?mode=ro", timeout=_BUSY_SECONDS, uri=True)
        try:
            said = [str(row[0]) for row in db.execute("PRAGMA quick_check(1)")]
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        hurt = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        return str(error) if getattr(error, "sqlite_errorcode", 0) & 0xFF in hurt else None
    return "" if said == ["ok"] else "; ".join(said)[:200]
