"""The images that were uploaded: each content once, for as long as the service keeps it."""

import re
import sqlite3

from batchrunner.domain.uploaded_image import Upload
from batchrunner.storage.sqlite.queries import query
from batchrunner.storage.sqlite.transaction import fetched, insert, translated, writing

_CONTENT = re.compile(r"sha256:([0-9a-f]{64})")


class SqliteUploadLog:
    """See `interface.UploadLog`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def all(self) -> tuple[Upload, ...]:
        """Every image that was uploaded and not deleted, oldest first."""
        with translated():
            return tuple(Upload(*row) for row in fetched(self._db, query("uploads")))

    def needed_by_open_tasks(self) -> frozenset[str]:
        """The digests of the local images that open attempts name in their requests."""
        with translated():
            requests = fetched(self._db, query("requests_of_open_attempts"))
        return frozenset(digest for (request,) in requests for digest in _CONTENT.findall(str(request)))

    def find(self, sha256: str, base_url: str, key_digest: str) -> Upload | None:
        """The newest upload of this content to this account."""
        account = {"sha256": sha256, "base_url": base_url, "key_digest": key_digest}
        with translated():
            found = fetched(self._db, query("upload_of_content"), account)
        return Upload(*found[0]) if found else None

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
            db.execute(query("delete_upload"), {"file_id": file_id, "at_s": at_s})
