"""The Siebel connector, held to the contract and to the vendor's wire format."""
