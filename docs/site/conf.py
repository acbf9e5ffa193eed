"""Sphinx's configuration. The site needs no other host: no web fonts, no scripts from elsewhere."""

from batchrunner import __version__

project = "batchrunner"
version = release = __version__

smartquotes = False  # `--yes` has two hyphens

extensions = ["myst_parser"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"batchrunner {__version__}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
