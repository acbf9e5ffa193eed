"""`python -m docs.site [FOLDER]`: builds the site into FOLDER/html (`build/docs`); every warning is an error."""

import shutil
import subprocess
import sys
from pathlib import Path

from docs.site.staging import ROOT, stage

CONFIGURATION = Path(__file__).parent


def build(folder: Path) -> int:
    """Makes the pages anew and renders them; gives Sphinx's exit code."""
    source, html = folder / "source", folder / "html"
    for made in (source, html):
        shutil.rmtree(made, ignore_errors=True)
    stage(source)
    return sphinx(source, html, folder / "doctrees")


def sphinx(source: Path, html: Path, doctrees: Path) -> int:
    """Renders pages as HTML: unknown references are warnings, and warnings are errors."""
    strict = ["--fail-on-warning", "--nitpicky", "--quiet", "--fresh-env"]
    folders = ["--conf-dir", str(CONFIGURATION), "--doctree-dir", str(doctrees), str(source), str(html)]
    command = [sys.executable, "-m", "sphinx", "--builder", "html", *strict, *folders]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs")))
