"""How long rows live (invariants P-10): the one place; accounts.services.retention keeps to it.

(model, the column that says since when, days, further conditions).  A name instead of days is a
live parameter.  Every model is here or in NO_RETENTION.
"""

_ENDED_NOTICES = {"status__in": ["sent", "undeliverable", "skipped", "overtaken", "failed"]}
_ENDED_EXPORTS = {"status__in": ["failed", "cancelled", "expired"]}
_ENDED_DELETIONS = {"status__in": ["cancelled", "done"]}
_HANDLED = {"status__in": ["accepted", "declined"]}
_UNUSED_SLOTS = {"status__in": ["open", "closed"], "appointments": None}

RETENTION = [
    ("accounts.IdempotencyRecord", "started_at", 7, {}),
    ("accounts.RefreshToken", "expires_at", 0, {}),
    ("accounts.LoginSession", "expires_at", 30, {}),
    ("accounts.LoginGuard", "last_at", 1, {}),
    ("accounts.ApiKey", "expires_at", 365, {}),
    ("accounts.PhoneCode", "created_at", 30, {}),
    ("accounts.EmailCode", "created_at", 30, {}),
    ("accounts.RateCounter", "expires_at", 0, {}),
    ("accounts.SubscribeAnswer", "created_at", 7, {}),
    ("accounts.WeChatEvent", "created_at", 7, {}),
    ("accounts.CachePurge", "created_at", 180, {}),
    ("accounts.LoginLog", "created_at", "LOGIN_LOG_KEEP_DAYS", {}),
    ("accounts.Notification", "created_at", "NOTICE_KEEP_DAYS", _ENDED_NOTICES),
    ("accounts.ExportJob", "updated_at", 180, _ENDED_EXPORTS),
    ("accounts.AccountDeletion", "ended_at", 3 * 365, _ENDED_DELETIONS),
    ("commerce.MerchantApplication", "handled_at", 180, _HANDLED),
    ("commerce.MerchantInvitation", "decided_at", 365, {}),
    ("commerce.PaymentNotice", "received_at", 180, {}),
    # A year: what utilisation is counted of.
    ("counseling.TimeSlot", "start_at", 366, _UNUSED_SLOTS),
    ("counseling.ScheduleException", "updated_at", 2 * 366, {}),
    ("sessions.Session", "expire_date", 0, {}),
]
# Shorter is against the law (network security: half a year of logs), whatever a parameter says.
RETENTION_AT_LEAST = {"LOGIN_LOG_KEEP_DAYS": 180}

_ARCHIVE = "archived and sealed by accounts.purge_operations"
_MONEY = "money: kept for as long as the books are"
_STATE = "what is, not what happened"
_PROOF = "proof: kept"
NO_RETENTION = {
    "accounts.ActiveDay": "figures are made of it; goes with the person",
    "accounts.Agreement": _PROOF,
    "accounts.AuditSeal": _ARCHIVE,
    "accounts.Consent": _PROOF,
    "accounts.Menu": _STATE,
    "accounts.NotificationPreference": _STATE,
    "accounts.NotificationTemplate": _STATE,
    "accounts.OperationLog": _ARCHIVE,
    "accounts.Organisation": _STATE,
    "accounts.ParameterChange": _PROOF,
    "accounts.QuietHours": _STATE,
    "accounts.RecoveryCode": _STATE,
    "accounts.Role": _STATE,
    "accounts.SecondFactor": _STATE,
    "accounts.SecretParameter": _STATE,
    "accounts.StatFigure": "sums without names",
    "accounts.StatusChange": _PROOF,
    "accounts.SubscribeQuota": _STATE,
    "accounts.User": "anonymised, not deleted (accounts.services.deletion)",
    "accounts.UserPassword": _STATE,
    "accounts.UserSegment": _STATE,
    "accounts.UserTag": _STATE,
    "accounts.UserTagging": _STATE,
    "accounts.WeChatIdentity": _STATE,
    "commerce.Address": "its owner's, until they or the account go",
    "commerce.Bill": _MONEY,
    "commerce.BillDifference": _MONEY,
    "commerce.LedgerEntry": _MONEY,
    "commerce.LedgerTransaction": _MONEY,
    "commerce.Merchant": _MONEY,
    "commerce.MerchantMember": _STATE,
    "commerce.OfflineRecord": _MONEY,
    "commerce.Order": _MONEY,
    "commerce.OrderDay": "days without names",
    "commerce.OrderFigure": "sums without names",
    "commerce.OrderItem": _MONEY,
    "commerce.Payment": _MONEY,
    "commerce.PaymentAnomaly": _MONEY,
    "commerce.Product": "orders name it",
    "commerce.ProductImage": _STATE,
    "commerce.Refund": _MONEY,
    "commerce.MerchantReview": "what others go by; its words go with the person",
    "commerce.ReviewPicture": "part of the review",
    "commerce.Shipment": _MONEY,
    "commerce.ShippingReport": _MONEY,
    "commerce.VerificationCode": _MONEY,
    "commerce.StockMovement": "stock is the sum of it",
    "content.Category": _STATE,
    "content.DiseaseTag": _STATE,
    "counseling.AffectedAppointment": "part of the appointment",
    "counseling.Appointment": _MONEY,
    "counseling.ClientProfile": "appointments hang on it; cleared with the person",
    "counseling.Counselor": _STATE,
    "counseling.Dispute": _MONEY,
    "counseling.DisputeEvidence": "part of the dispute",
    "counseling.Reschedule": "part of the appointment",
    "counseling.Holiday": _STATE,
    "counseling.LeaveRequest": "why appointments went as they did",
    "counseling.CounselorVisits": "sums without names",
    "counseling.Review": "what others go by; its words go with the person",
    "counseling.CounselorApplication": _PROOF,
    "counseling.Location": _STATE,
    "counseling.Qualification": _PROOF,
    "counseling.NoteAccess": _PROOF,
    "counseling.SessionNote": "the counselor's record; goes with the client",
    "counseling.Service": _STATE,
    "counseling.WeeklyTemplate": _STATE,
    "farm.AgreementFile": _PROOF,
    "farm.Animal": _STATE,
    "farm.AnimalClaim": _MONEY,
    "farm.AnimalPhoto": "part of the animal",
    "farm.AnimalUpdate": "part of the animal",
    "farm.ClaimAgreement": _PROOF,
    "farm.ClaimRenewal": _MONEY,
    "farm.HealthRecord": "part of the animal",
    "media.File": "until its owner or media.sweep_orphans lets it go",
    "media.FileUsage": _STATE,
}
