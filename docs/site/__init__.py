"""The documentation as a site: pages from `docs/`, and pages made from the program itself. `python -m docs.site`."""
