"""The media endpoints: upload, list, delete."""

from dataclasses import dataclass
from datetime import UTC, datetime

from batchrunner.sandbox.exchange import HttpAnswer, HttpRequest, refused, success
from batchrunner.sandbox.journal_events import Uploaded
from batchrunner.sandbox.media_files import MAX_BYTES, Uploads, image_suffix
from batchrunner.sandbox.multipart import FormPart, form_parts

_MOST_LISTED = 100
_USUALLY_LISTED = 20


@dataclass(frozen=True, slots=True)
class Media:
    """Answers `/api/v1/media/files`.

    Source: Modellix's docs for the fields and limits; the shape of a list is a guess.
    """

    uploads: Uploads
    quota: int

    async def upload(self, request: HttpRequest, now_s: float) -> HttpAnswer:
        """Takes in the image in the form's field `file`."""
        try:
            parts = form_parts(request.headers.get("content-type", ""), request.body)
        except ValueError as error:
            return refused(400, f"InvalidParameter: {error}")
        part = next((part for part in parts if part.name == "file"), None)
        if part is None or not part.filename:
            return refused(400, "InvalidParameter: the form has no file in its field 'file'")
        return self._keep(part, now_s)

    def _keep(self, part: FormPart, now_s: float) -> HttpAnswer:
        suffix = image_suffix(part.content)
        if len(part.content) > MAX_BYTES:
            return refused(413, "PayloadTooLarge: a file may have at most 16 MiB")
        if suffix is None:
            return refused(415, "UnsupportedMediaType: a file must be PNG, JPEG or WebP")
        if len(self.uploads.kept(now_s)) >= self.quota:
            return refused(400, f"QuotaExceeded: the team keeps {self.quota} files already")
        return success(self._entry(self.uploads.add(part.filename, part.content, suffix, now_s)))

    async def list(self, request: HttpRequest, now_s: float) -> HttpAnswer:
        """The kept files, the oldest first: at most `limit` of them, after `offset`."""
        try:
            limit = int(request.query.get("limit", _USUALLY_LISTED))
            offset = int(request.query.get("offset", 0))
        except ValueError:
            return refused(400, "InvalidParameter: limit and offset must be whole numbers")
        if not 1 <= limit <= _MOST_LISTED or offset < 0:
            return refused(400, f"InvalidParameter: limit must be 1 to {_MOST_LISTED}, offset at least 0")
        kept = self.uploads.kept(now_s)
        files = [self._entry(file) for file in kept[offset : offset + limit]]
        return success({"files": files, "total": len(kept)})

    async def delete(self, file_id: str, now_s: float) -> HttpAnswer:
        """Deletes one file."""
        if self.uploads.delete(file_id, now_s):
            return success(None)
        return refused(404, "NotFound: no such file")

    def _entry(self, file: Uploaded) -> dict[str, object]:
        return {
            "file_id": file.file_id,
            "type": "image",
            "url": self.uploads.url(file),
            "filename": file.filename,
            "size": file.size_bytes,
            "created_at": datetime.fromtimestamp(file.at_s, UTC).isoformat(timespec="seconds"),
        }
