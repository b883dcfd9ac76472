"""The door for charts: Vega-Lite declared once, drawn in the browser, in mails and on paper."""
