"""The XPath of XForms: read, and written as logic of ours."""
