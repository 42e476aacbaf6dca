"""Sphinx settings of the manual."""

from antigone import __version__

project = "Antigone"
author = "The Antigone founders"
copyright = "2026, the Antigone founders"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Antigone {__version__}"
html_static_path = []
exclude_patterns = ["_build"]
autodoc_typehints = "none"
nitpicky = False
suppress_warnings = ["ref.python"]
