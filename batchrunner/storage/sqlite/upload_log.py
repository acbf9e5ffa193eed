"""The images that were uploaded: each content once, for as long as the service keeps it."""

import re
import sqlite3

from batchrunner.domain.uploaded_image import Upload
from batchrunner.storage.sqlite.transaction import fetched, insert, translated, writing

_CONTENT = re.compile(r"sha256:([0-9a-f]{64})")
_KEPT = "SELECT sha256, size_bytes, file_id, url, at_s FROM upload WHERE deleted_at_s IS NULL"


class SqliteUploadLog:
    """See `interface.UploadLog`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self) -> tuple[Upload, ...]:
        """Every image that was uploaded and not deleted, oldest first."""
        with translated():
            return tuple(Upload(*row) for row in fetched(self._db, f"{_KEPT} ORDER BY id"))

    def needed_by_open_tasks(self) -> frozenset[str]:
        """The digests of the local images that open attempts name in their requests."""
        with translated():
            requests = fetched(self._db, "SELECT request FROM attempt WHERE settled_at_s IS NULL")
        return frozenset(digest for (request,) in requests for digest in _CONTENT.findall(str(request)))

    def find(self, sha256: str, base_url: str, key_digest: str) -> Upload | None:
        """The newest upload of this content to this account."""
        with translated():
            row = self._db.execute(
                f"{_KEPT} AND sha256 = ? AND base_url = ? AND key_digest = ? ORDER BY id DESC LIMIT 1",
                (sha256, base_url, key_digest),
            ).fetchone()
        return Upload(*row) if row else None

    def record(self, upload: Upload, base_url: str, key_digest: str) -> None:
        """Records an image that the service took."""
        with writing(self._db) as db:
            insert(
                db,
                "upload",
                sha256=upload.sha256,
                size_bytes=upload.size_bytes,
                base_url=base_url,
                key_digest=key_digest,
                file_id=upload.file_id,
                url=upload.url,
                at_s=upload.at_s,
            )

    def record_deletion(self, file_id: str, at_s: float) -> None:
        """Records that the service deletes an image for us."""
        with writing(self._db) as db:
            db.execute("UPDATE upload SET deleted_at_s = ? WHERE file_id = ? AND deleted_at_s IS NULL", (at_s, file_id))
