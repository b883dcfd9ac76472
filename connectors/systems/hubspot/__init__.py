"""HubSpot: its CRM, engagement and commerce objects by the v3 and v4 interfaces."""
