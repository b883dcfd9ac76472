"""What the numbers say: the dashboard, its daily counts, and linkage to money and renewal."""
