"""The files that are made: beside a manifest, in the state folder, and in a person's own folders."""

from pathlib import Path
from tempfile import TemporaryDirectory

from batchrunner.errors import Unauthorized
from batchrunner.providers.credentials import read_credentials
from tests.promised.outputs import shape
from tests.promised.story import story


def files() -> object:
    """Their names, and what the small ones hold."""
    told = story()
    return {
        "names": sorted(told.files),
        "key": _places_of_key(),
        "work/.batchrunner/batch.lock.json": shape(told.lock_note),
        "state/batchrunner/ledgers/<id>": shape(told.trusted),
    }


def _places_of_key() -> list[str]:
    """Where a person's key is looked for, by the variable that names the file or a folder above it."""
    places = {"MODELLIX_API_KEY_FILE": "secret", "XDG_CONFIG_HOME": "batchrunner/key"}
    with TemporaryDirectory() as made:
        files = {variable: Path(made) / variable / below for variable, below in places.items()}
        for variable, file in files.items():
            file.parent.mkdir(parents=True)
            file.touch(mode=0o600)
            file.write_text(f"mdlx-{variable}", encoding="utf-8")
        named = files | {"XDG_CONFIG_HOME": Path(made) / "XDG_CONFIG_HOME"}
        return [f"{name}: {places[name]}" for name, path in named.items() if _key_of(name, path) == f"mdlx-{name}"]


def _key_of(variable: str, path: Path) -> str:
    try:
        return read_credentials({variable: str(path)}).key
    except Unauthorized:
        return ""
