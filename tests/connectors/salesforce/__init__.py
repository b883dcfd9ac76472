"""The Salesforce connector, tried against a simulator that others judge."""
