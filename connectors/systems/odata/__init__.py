"""Services that speak OData v4: SAP, Microsoft and others, read by what their metadata says."""
