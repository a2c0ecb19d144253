from django.core.management.base import BaseCommand, CommandError

from commerce.models import LedgerTransaction
from commerce.services.ledger_check import flaws


class Command(BaseCommand):
    help = "Check the ledger against payments, refunds and orders; exit code 1 names what differs."

    def handle(self, *args, **options):
        found = 0
        for flaw in flaws():
            self.stderr.write(str(flaw))
            found += 1
        if found:
            raise CommandError(f"the books are wrong in {found} places")
        self.stdout.write(f"{LedgerTransaction.objects.count()} transactions in balance")
