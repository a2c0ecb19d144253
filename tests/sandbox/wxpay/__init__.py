"""WeChat Pay v3 for a direct merchant: JSAPI payments, refunds and notices."""
