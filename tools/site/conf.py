"""Settings of Sphinx, furo and MyST-NB for the web edition."""

from helpers.web.explorer import softmax_explorer
from tools.site.notebook_pages import with_height
from tools.site.source import BROWSER, NAME, REPOSITORY, SITE

project = "From softmax to Fashion-MNIST"
html_title = project
html_show_copyright = False
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
exclude_patterns = ["README.md"]  # pages include parts of it

html_theme = "furo"
html_theme_options = {  # the colours of the explorer
    "light_css_variables": {
        "color-brand-primary": "#1f5fae",
        "color-brand-content": "#1f5fae",
        "color-brand-visited": "#1f5fae",
    },
    "dark_css_variables": {
        "color-brand-primary": "#8ab8f5",
        "color-brand-content": "#8ab8f5",
        "color-brand-visited": "#8ab8f5",
    },
}
html_favicon = "static/favicon.svg"
html_static_path = ["static"]
templates_path = ["templates"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
has_lite = "lite" in tags  # type: ignore[name-defined]  # noqa: F821  Sphinx sets them
html_context = {
    "name": NAME,
    "repository": REPOSITORY,
    "has_lite": has_lite,
    "has_pdf": BROWSER is not None,
}
html_copy_source = False
html_use_index = html_domain_indices = False  # there is a search
highlight_language = "text"  # of commands and trees; cells have their own
mathjax_path = "tex-svg.js"

default_role = "code"  # in docstrings, the only reStructuredText here
autodoc_default_options = {"members": True, "exclude-members": "get_config, set"}  # not ours
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings have shapes
autodoc_mock_imports = ["helpers.quiet_tensorflow"]  # TensorFlow takes seconds to import
add_module_names = False

nb_execution_mode = "off"
nb_code_prompt_show = "Show the imports"
nb_code_prompt_hide = "Hide the imports"
myst_enable_extensions = ["attrs_inline", "dollarmath", "html_image", "substitution"]
myst_heading_anchors = 4
explorer = softmax_explorer([2.0, 1.0, -1.0], ["T-shirt/top", "Shirt", "Trouser"])
# An empty line would end the HTML in Markdown.
frame = with_height(explorer._repr_html_()).replace("\n", "&#10;")
READ = "notebooks/00-meet-the-data.ipynb"
RUN = f'<a class="button" href="lite/run.html?path={READ}">Begin</a>'
begin = f"{RUN}\n\nIn your browser, with nothing to install. [Or read it first]({READ})."
myst_substitutions = {
    "explorer": frame,
    "begin": begin if has_lite else f"[Begin]({READ}){{.button}}",
}

linkcheck_ignore = ["https://doi.org/"]  # publishers refuse programs
linkcheck_anchors = False  # GitHub's are made by a script
linkcheck_timeout = 20

if SITE:
    html_baseurl = ogp_site_url = SITE
    extensions += ["sphinx_sitemap", "sphinxext.opengraph"]
    sitemap_url_scheme = "{link}"
    ogp_enable_meta_description = True
    ogp_social_cards = {"enable": False}
    ogp_image = "_images/01.png"
