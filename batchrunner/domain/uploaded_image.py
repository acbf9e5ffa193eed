"""An upload: a local picture at the service, for about a week."""

from dataclasses import dataclass

# How long an uploaded picture is used again. Source: Modellix, File API: kept about 7 days; a day is left for renders.
UPLOAD_LIFE_S = 6 * 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Upload:
    """One picture that was uploaded; `url` is what a request names instead of it."""

    sha256: str
    size_bytes: int
    file_id: str
    url: str
    at_s: float

    def is_usable(self, now_s: float) -> bool:
        """Whether the service still has it for long enough."""
        return now_s < self.at_s + UPLOAD_LIFE_S
