"""The report: one HTML file that needs no network, drawn with Plotly from a result record or a comparison."""

from accelsim.report.page.document import report_page, require_plotly

__all__ = ["report_page", "require_plotly"]
