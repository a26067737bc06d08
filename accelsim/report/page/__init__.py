"""The report: one HTML file that needs no network, drawn with Plotly from a result record or a comparison.

Its cards and charts can be put into another page as well: `cards` is HTML, `page_data` what `charts.js` draws.
"""

from accelsim.report.page.cards import cards
from accelsim.report.page.document import asset, page_data, report_page, require_plotly
from accelsim.report.page.sweep import sweep_page

__all__ = ["asset", "cards", "page_data", "report_page", "require_plotly", "sweep_page"]
