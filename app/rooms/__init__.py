"""What the rooms of both webs are built of: the reseller's back office and the customer's console."""
