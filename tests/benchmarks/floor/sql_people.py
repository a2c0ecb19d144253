"""The floor's statements about people and their logins, by hand."""

IDENTITY = """
SELECT u.id, u.nickname, u.avatar, u.deletes_at, w.unionid FROM accounts_wechatidentity w
JOIN accounts_user u ON u.id = w.user_id WHERE w.appid = ? AND w.openid = ?"""
PERSON = "SELECT status, token_version, password FROM accounts_user WHERE id = ?"
OPEN_SESSION = """
INSERT INTO accounts_loginsession (sid, user_id, method, device_name, platform, ip_address,
  user_agent, created_at, last_seen_at, expires_at, revoked_reason, restricted)
VALUES (?, ?, 'wechat', '', '', ?, ?, ?, ?, ?, '', 0)"""
NEW_REFRESH = """
INSERT INTO accounts_refreshtoken (jti, session_id, issued_at, expires_at) VALUES (?, ?, ?, ?)"""
LOGIN_LOG = """
INSERT INTO accounts_loginlog (user_id, method, account, succeeded, reason, ip_address, user_agent,
  device_name, platform, unexamined, created_at)
VALUES (?, 'wechat', ?, 1, '', ?, ?, '', '', 1, ?)"""

CONSUME = "UPDATE accounts_refreshtoken SET consumed_at = ? WHERE jti = ? AND consumed_at IS NULL"
FAMILY = """
SELECT t.id, s.id, s.sid, s.expires_at, s.revoked_at, u.id, u.status, u.token_version
FROM accounts_refreshtoken t
JOIN accounts_loginsession s ON s.id = t.session_id
JOIN accounts_user u ON u.id = s.user_id WHERE t.jti = ?"""
SUCCEED = "UPDATE accounts_refreshtoken SET successor_id = ? WHERE id = ?"
SEEN = "UPDATE accounts_loginsession SET last_seen_at = ?, expires_at = ? WHERE id = ?"

USER_COLUMNS = (
    "id", "username", "nickname", "avatar", "gender", "birthday", "phone", "email", "status",
    "is_staff", "organisation_id", "created_at",
)  # fmt: skip
USER_COUNT = "SELECT COUNT(*) FROM accounts_user"
USERS = f"""
SELECT {", ".join(USER_COLUMNS)},
  (SELECT s.last_seen_at FROM accounts_loginsession s WHERE s.user_id = u.id
   ORDER BY s.last_seen_at DESC LIMIT 1)
FROM accounts_user u ORDER BY id DESC LIMIT ? OFFSET ?"""
TAGS = """
SELECT g.user_id, t.id, t.name, t.colour FROM accounts_usertagging g
JOIN accounts_usertag t ON t.id = g.tag_id WHERE g.user_id IN ({}) ORDER BY t.name"""
ROLES = """
SELECT g.user_id, r.code FROM accounts_user_groups g
JOIN accounts_role r ON r.group_id = g.group_id WHERE g.user_id IN ({}) ORDER BY r.code"""
