"""Writes what each case prints today into its file; read the difference before you keep it.

python -m tests.broken.renew            all cases
python -m tests.broken.renew rows/      those whose name begins so
"""

import sys

from tests.broken.transcripts import transcripts


def main(beginnings: tuple[str, ...]) -> None:
    """Renews the cases whose names begin so; without any, all of them."""
    for transcript in transcripts():
        if transcript.name.startswith(beginnings or ("",)):
            text = transcript.renewed()
            if text != transcript.path.read_text(encoding="utf-8"):
                transcript.path.write_text(text, encoding="utf-8")
                sys.stdout.write(f"renewed: {transcript.name}\n")


if __name__ == "__main__":
    main(tuple(sys.argv[1:]))
