"""Alipay's open platform for a web merchant: cashier pages, queries, refunds and notices."""
