"""The lists of orders and money, and the filters of their exports."""

# Parameters of a list by the filter of the export that they are.
FROM_LIST = {
    "q": "search",
    "status__exact": "status",
    "reason_code__exact": "reason_code",
    "method__exact": "method",
    "payment__method__exact": "method",
    "bill__method__exact": "method",
    "cause__exact": "cause",
    "kind__exact": "kind",
    "total_amount_from": "amount_from",
    "total_amount_to": "amount_to",
}
