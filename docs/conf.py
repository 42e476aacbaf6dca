"""Sphinx settings of the manual."""

from docutils.nodes import SkipNode
from latex2mathml.converter import convert

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
html_static_path = ["_static"]
html_css_files = ["tables.css"]
exclude_patterns = ["_build"]
autodoc_typehints = "none"
nitpicky = False
suppress_warnings = ["ref.python"]


def _inline_formula(translator, node):
    translator.body.append(convert(node.astext()))
    raise SkipNode


def _displayed_formula(translator, node):
    translator.body.append(convert(node.astext(), display="block"))
    raise SkipNode


def setup(app):
    """Formulas as MathML: a manual that is read without a network cannot fetch a script that draws them."""
    app.add_html_math_renderer("mathml", (_inline_formula, None), (_displayed_formula, None))


html_math_renderer = "mathml"
