"""What each purpose allows."""

from dataclasses import dataclass

from media.models import Purpose, Visibility

MB = 1024 * 1024


@dataclass(frozen=True)
class Rule:
    """max_bytes: of what is sent.  main, thumb: longest side in pixels of what is kept."""

    visibility: Visibility
    max_bytes: int
    main: int
    thumb: int
    square: bool = False


RULES: dict[str, Rule] = {
    Purpose.AVATAR: Rule(Visibility.PUBLIC, 5 * MB, main=256, thumb=64, square=True),
    Purpose.IMAGE: Rule(Visibility.OWNER, 10 * MB, main=2048, thumb=320),
    Purpose.PRODUCT: Rule(Visibility.PUBLIC, 10 * MB, main=1280, thumb=320),
    Purpose.ANIMAL: Rule(Visibility.PUBLIC, 10 * MB, main=1280, thumb=320),
    Purpose.QUALIFICATION: Rule(Visibility.OWNER, 10 * MB, main=2048, thumb=320),
    Purpose.EVIDENCE: Rule(Visibility.OWNER, 10 * MB, main=2048, thumb=320),
    Purpose.PROOF: Rule(Visibility.OWNER, 10 * MB, main=2048, thumb=320),
    # Public while the review that they are part of is shown (services.files.show_to).
    Purpose.REVIEW: Rule(Visibility.OWNER, 10 * MB, main=1280, thumb=320),
}
MAX_BYTES = max(rule.max_bytes for rule in RULES.values())
