"""Writes what is promised today into its files; read the difference before you keep it.

A name that is gone or another breaks somebody's ledger, receipts, script or manifest.

python -m tests.promised.renew                all files
python -m tests.promised.renew ledger plan    those whose names begin so
"""

import sys

from tests.promised.snapshots import SNAPSHOTS


def main(beginnings: tuple[str, ...]) -> None:
    """Renews the files whose names begin so; without any, all of them."""
    for snapshot in SNAPSHOTS:
        if snapshot.name.startswith(beginnings or ("",)):
            kept, given = snapshot.kept, snapshot.given()
            if given != kept:
                snapshot.path.write_text(given, encoding="utf-8")
                sys.stdout.write(f"renewed: {snapshot.name}\n{snapshot.difference(kept, given)}\n")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
