"""Odoo: an ERP with customers, leads, sales, invoices, stock and tickets, by JSON-2 or XML-RPC."""
