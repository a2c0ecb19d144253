from farm.models.agreements import AgreementFile, AgreementStatus, ClaimAgreement
from farm.models.animals import (
    Animal,
    AnimalPhoto,
    AnimalStatus,
    HealthKind,
    HealthRecord,
    Listing,
)
from farm.models.claims import LIVE, AnimalClaim, ClaimStatus, EndKind
from farm.models.renewals import ClaimRenewal, RenewalStatus
from farm.models.updates import AnimalUpdate, UpdateType, UpdateVisibility

__all__ = [
    "LIVE",
    "AgreementFile",
    "AgreementStatus",
    "Animal",
    "AnimalClaim",
    "AnimalPhoto",
    "AnimalStatus",
    "AnimalUpdate",
    "ClaimAgreement",
    "ClaimRenewal",
    "ClaimStatus",
    "EndKind",
    "HealthKind",
    "HealthRecord",
    "Listing",
    "RenewalStatus",
    "UpdateType",
    "UpdateVisibility",
]
