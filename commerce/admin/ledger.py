from django.contrib import admin
from django.contrib.admin import SimpleListFilter
from django.db.models import Exists, OuterRef
from unfold.decorators import display

from accounts.admin.exports import Exportable
from commerce.admin.exporting import FROM_LIST
from commerce.models import LedgerAccount, LedgerEntry, LedgerTransaction
from config.admin import BackOfficeAdmin, ReadOnly, ReadOnlyInline, yuan


def lines_of(booked: LedgerTransaction) -> str:
    """Its entries in words; they have been fetched."""
    entries = sorted(booked.entries.all(), key=lambda entry: entry.pk)
    return "，".join(f"{entry.get_account_display()} {yuan(entry.amount)}" for entry in entries)


class AccountFilter(SimpleListFilter):
    title, parameter_name = "科目", "account"

    def lookups(self, request, model_admin):
        return LedgerAccount.choices

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        entries = LedgerEntry.objects.filter(transaction=OuterRef("pk"), account=self.value())
        return queryset.filter(Exists(entries))


class LedgerEntryInline(ReadOnlyInline):
    model = LedgerEntry
    fields = ["account", "method", "merchant", "amount"]

    def has_view_permission(self, request, obj=None):
        return True  # part of the transaction: who may see that may see these


@admin.register(LedgerTransaction)
class LedgerTransactionAdmin(Exportable, ReadOnly, BackOfficeAdmin):
    """The books: written by what happens, read here."""

    list_display = ["created_at", "cause", "order", "lines"]
    list_filter = ["cause", AccountFilter, "created_at"]
    list_select_related = ["order"]
    search_fields = ["order__number__exact", "payment__number__exact", "refund__number__exact"]
    search_help_text = "订单编号、商户单号或退款单号（完整输入）"
    fields = ["cause", "order", "payment", "refund", "created_at"]
    inlines = [LedgerEntryInline]
    actions = ["export_chosen"]
    step_up = frozenset({"export_chosen"})
    action_permissions = {"export": "accounts.export_data"}
    export_of, from_list = "ledger", FROM_LIST

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("entries")

    @display(description="分录")
    def lines(self, booked):
        return lines_of(booked)
