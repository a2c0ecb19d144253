from django.core.management.base import BaseCommand, CommandError

from accounts.services.audit_chain import verify


class Command(BaseCommand):
    help = (
        "Check the operation log against its seals and anchors; exit code 1 names the first flaw."
    )

    def handle(self, *args, **options):
        checked, problem = verify()
        if problem:
            raise CommandError(
                f"audit chain broken at {problem}; {checked} links before are intact"
            )
        self.stdout.write(f"{checked} links intact")
