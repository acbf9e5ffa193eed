"""Broken manifests, each beside the text that `batchrunner validate` prints for it.

A case is a file `<name>.txt` (or `expected.txt`) whose first line is the command and whose rest is what it prints:

    $ RESOLUTION=4K batchrunner validate shots.yaml --profile draft

To add one, add its files with only that first line in the text, then let `python -m tests.broken.renew` write the
rest, and read it. A file `sizes.txt` lists files that are longer than a repository should hold: `33554433 shots.yaml`.
"""
