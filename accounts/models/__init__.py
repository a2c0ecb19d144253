from accounts.models.api_keys import ApiKey
from accounts.models.audit import AppendOnlyError, AuditSeal, OperationLog, StatusChange
from accounts.models.consents import Agreement, AgreementKind, Consent
from accounts.models.deletion import AccountDeletion, DeletionStatus
from accounts.models.email_codes import EmailCode, EmailPurpose
from accounts.models.exports import ExportFormat, ExportJob, ExportStatus
from accounts.models.figures import ActiveDay, Period, Segment, StatFigure, UserSegment
from accounts.models.idempotency import IdempotencyRecord
from accounts.models.lockout import LoginGuard
from accounts.models.notifications import (
    Channel,
    NoticeKind,
    Notification,
    NotificationStatus,
    NotificationTemplate,
)
from accounts.models.organisations import Organisation
from accounts.models.parameters import CachePurge, ParameterChange, SecretParameter
from accounts.models.passwords import UserPassword
from accounts.models.phone_codes import CodePurpose, CodeState, PhoneCode, RateCounter
from accounts.models.rbac import DataScope, Menu, Role
from accounts.models.reaching import (
    NotificationPreference,
    QuietHours,
    SubscribeAnswer,
    SubscribeQuota,
    WeChatEvent,
)
from accounts.models.reviewed import Reviewed
from accounts.models.second_factor import RecoveryCode, SecondFactor
from accounts.models.security import LoginLog, LoginSession, RefreshToken
from accounts.models.tags import TagColour, UserTag, UserTagging
from accounts.models.users import Gender, User, UserStatus, WeChatIdentity

__all__ = [
    "AccountDeletion",
    "ActiveDay",
    "Agreement",
    "AgreementKind",
    "ApiKey",
    "AppendOnlyError",
    "AuditSeal",
    "CachePurge",
    "Channel",
    "CodePurpose",
    "CodeState",
    "Consent",
    "DataScope",
    "DeletionStatus",
    "EmailCode",
    "EmailPurpose",
    "ExportFormat",
    "ExportJob",
    "ExportStatus",
    "Gender",
    "IdempotencyRecord",
    "LoginGuard",
    "LoginLog",
    "LoginSession",
    "Menu",
    "NoticeKind",
    "Notification",
    "NotificationPreference",
    "NotificationStatus",
    "NotificationTemplate",
    "OperationLog",
    "Organisation",
    "ParameterChange",
    "Period",
    "PhoneCode",
    "QuietHours",
    "RateCounter",
    "RecoveryCode",
    "RefreshToken",
    "Reviewed",
    "Role",
    "SecondFactor",
    "SecretParameter",
    "Segment",
    "StatFigure",
    "StatusChange",
    "SubscribeAnswer",
    "SubscribeQuota",
    "TagColour",
    "User",
    "UserPassword",
    "UserSegment",
    "UserStatus",
    "UserTag",
    "UserTagging",
    "WeChatEvent",
    "WeChatIdentity",
]
