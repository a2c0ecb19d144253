"""UnionPay's gateway payment, ACP 5.1.0: cashier form, queries, refunds and notices."""
