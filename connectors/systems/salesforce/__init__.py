"""Salesforce: its REST and Bulk 2.0 interfaces, held behind the HTTP door."""
