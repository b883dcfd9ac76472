"""The Odoo connector, over a small server of ours that speaks as Odoo 17 and as Odoo 19 do."""
