"""Tryton: an ERP with customers, sales, complaints and invoices, by its REST interface."""
