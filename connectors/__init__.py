"""The connector kit: talks to other systems and returns canonical records; knows no table and no page of ours."""
