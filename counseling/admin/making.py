from django.core.exceptions import ValidationError

from config.errors import DomainError


class MadeByCleaning:
    """Put before ModelForm where only making the row shows whether it is refused: clean() makes it.

    make(data): by the service, from what was typed in.
    """

    def make(self, data: dict):
        raise NotImplementedError

    def clean(self):
        data = super().clean()
        if self.instance.pk is None and not self.errors:
            try:
                self.made = self.make(data)
            except DomainError as error:
                raise ValidationError(str(error)) from error
        return data

    def save(self, commit=True):
        return self.made if self.instance.pk is None else self.instance

    def save_m2m(self):
        """Nothing: what is made has no many-to-many fields."""
