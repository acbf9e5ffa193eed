"""Whether a manifest has the profile that somebody named."""

from batchrunner.errors import UsageError
from batchrunner.manifest.load import Manifest


def check_profile(manifest: Manifest) -> None:
    """Nothing, where a manifest that could be read has the profile that was asked for.

    Raises:
        UsageError: it has not.
    """
    if manifest.profile and manifest.profile not in manifest.profiles and not manifest.errors:
        known = ", ".join(manifest.profiles) or "none"
        raise UsageError(f"{manifest.path} has no profile {manifest.profile}; it has {known}")
