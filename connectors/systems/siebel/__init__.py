"""Oracle Siebel CRM, by its REST interface."""
