"""The models of the simulated database: their fields as `fields_get` describes them."""

from __future__ import annotations

from typing import Any

STATES = {
    "sale.order.state": "draft sent sale cancel",
    "sale.order.line.state": "draft sent sale cancel",
    "sale.order.subscription_state": "1_draft 2_renewal 3_progress 4_paused 5_renewed 6_churn 7_upsell",
    "account.move.state": "draft posted cancel",
    "account.move.move_type": "entry out_invoice out_refund in_invoice in_refund out_receipt",
    "account.move.payment_state": "not_paid in_payment paid partial reversed blocked",
    "account.payment.state": "draft in_process paid canceled rejected",
    "account.payment.payment_type": "outbound inbound",
    "account.payment.partner_type": "customer supplier",
    "crm.lead.type": "lead opportunity",
    "crm.lead.priority": "0 1 2 3",
    "crm.lead.won_status": "won lost pending",
    "helpdesk.ticket.priority": "0 1 2 3",
    "res.partner.type": "contact invoice delivery other",
    "stock.location.usage": "supplier view internal customer inventory production transit",
    "stock.move.state": "draft waiting confirmed assigned done cancel",
    "mail.message.message_type": "email comment email_outgoing notification sms user_notification",
    "calendar.event.privacy": "public private confidential",
}
"""The choices of selections."""

_MODELS = {
    "res.users": "name login company_id:many2one:res.company partner_id:many2one:res.partner",
    "res.company": "name",
    "res.currency": "name",
    "res.country": "name",
    "res.partner.category": "name",
    "res.partner.industry": "name",
    "res.partner": "name ref email email_normalized!r phone phone_sanitized!r website lang vat "
    "function city zip type:selection is_company:boolean active:boolean partner_share:boolean!r "
    "customer_rank:integer parent_id:many2one:res.partner "
    "commercial_partner_id:many2one:res.partner!r country_id:many2one:res.country "
    "industry_id:many2one:res.partner.industry user_id:many2one:res.users "
    "category_id:many2many:res.partner.category x_remark:text x_nps:integer x_score:float "
    "x_day:date x_when:datetime x_flag:boolean x_secret:char!r image_1920:binary",
    "crm.stage": "name is_won:boolean",
    "crm.lead": "name type:selection won_status:selection!r active:boolean probability:float "
    "stage_id:many2one:crm.stage expected_revenue:monetary company_currency:many2one:res.currency!r "
    "partner_id:many2one:res.partner contact_name partner_name email_from email_normalized!r phone "
    "description:html priority:selection date_deadline:date date_closed:datetime!r "
    "user_id:many2one:res.users lang_code",
    "product.category": "name",
    "product.template": "name",
    "product.product": "name default_code categ_id:many2one:product.category list_price:float "
    "active:boolean product_tmpl_id:many2one:product.template",
    "sale.order": "name state:selection partner_id:many2one:res.partner date_order:datetime "
    "amount_untaxed:monetary amount_total:monetary currency_id:many2one:res.currency "
    "is_subscription:boolean subscription_state:selection plan_id:many2one:sale.subscription.plan "
    "start_date:date end_date:date next_invoice_date:date recurring_monthly:monetary",
    "sale.subscription.plan": "name",
    "sale.order.line": "name order_id:many2one:sale.order product_id:many2one:product.product "
    "state:selection product_uom_qty:float price_subtotal:monetary price_total:monetary "
    "currency_id:many2one:res.currency display_type",
    "account.journal": "name",
    "account.move": "name state:selection move_type:selection payment_state:selection!r "
    "partner_id:many2one:res.partner invoice_date:date invoice_date_due:date date:date "
    "amount_total:monetary amount_residual:monetary currency_id:many2one:res.currency "
    "posted_before:boolean invoice_payments_widget:binary!r",
    "account.payment": "name state:selection payment_type:selection partner_type:selection "
    "partner_id:many2one:res.partner date:date amount:monetary currency_id:many2one:res.currency "
    "journal_id:many2one:account.journal reconciled_invoice_ids:many2many:account.move!r",
    "stock.location": "name usage:selection",
    "stock.move": "reference state:selection date:datetime product_id:many2one:product.product "
    "quantity:float product_uom_qty:float location_id:many2one:stock.location "
    "location_dest_id:many2one:stock.location",
    "helpdesk.stage": "name",
    "helpdesk.ticket": "name ticket_ref partner_id:many2one:res.partner active:boolean "
    "stage_id:many2one:helpdesk.stage description:html priority:selection close_date:datetime "
    "close_hours:float user_id:many2one:res.users",
    "mail.message.subtype": "name internal:boolean",
    "mail.message": "date:datetime model res_id:many2one_reference record_name subject body:html "
    "message_type:selection subtype_id:many2one:mail.message.subtype message_id is_internal:boolean "
    "author_id:many2one:res.partner",
    "calendar.event": "name start:datetime stop:datetime duration:float allday:boolean "
    "privacy:selection active:boolean partner_ids:many2many:res.partner",
    "mail.activity": "summary note:html date_deadline:date user_id:many2one:res.users "
    "res_model_id:many2one:ir.model res_id:many2one_reference",
    "ir.model": "model name",
}

_ALL = "display_name!r create_date:datetime!r write_date:datetime!r"


def described() -> dict[str, dict[str, dict[str, Any]]]:
    """The fields of each model: name to what `fields_get` says of it."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for model, text in _MODELS.items():
        fields = {"id": {"type": "integer", "readonly": True, "store": True, "string": "ID"}}
        for each in (*text.split(), *_ALL.split()):
            bare, _, flag = each.partition("!")
            name, kind, relation = [*bare.split(":"), "", ""][:3]
            about: dict[str, Any] = {
                "type": kind or "char", "readonly": flag == "r", "store": True,
                "string": name.replace("_", " ").capitalize(),
            }  # fmt: skip
            if relation:
                about["relation"] = relation
            if kind == "selection":
                keys = STATES[f"{model}.{name}"].split()
                about["selection"] = [[key, key.capitalize()] for key in keys]
            fields[name] = about
        found[model] = fields
    return found
