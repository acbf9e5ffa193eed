"""The forms in which a report is written, and the registry that names them."""
