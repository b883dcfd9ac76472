"""Microsoft Dataverse, the store of Dynamics 365 Sales and Customer Service, by its Web API."""
