"""The OData connector: a simulated service after the protocol's text, and SAP CAP where it is."""
