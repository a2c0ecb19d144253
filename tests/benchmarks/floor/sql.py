"""The floor's statements, by hand; {notice} is a slot's start less its counselor's notice."""

SESSION = """
SELECT s.expires_at, s.revoked_at, u.id, u.status, u.token_version
FROM accounts_loginsession s JOIN accounts_user u ON u.id = s.user_id WHERE s.sid = ?"""
PROFILE = """
SELECT u.id, (SELECT w.openid FROM accounts_wechatidentity w
              WHERE w.user_id = u.id AND w.appid = ? ORDER BY w.id LIMIT 1),
  u.nickname, u.avatar, u.gender, u.birthday, u.phone, u.email,
  u.row_key
FROM accounts_user u WHERE u.id = ?"""

COUNSELOR_COUNT = "SELECT COUNT(*) FROM counseling_counselor WHERE status = 'published'"
_BOOKABLE = "s.status = 'open' AND s.start_at > ? AND s.start_at < ? AND s.start_at >= {notice}"
_COLUMNS = f"""
c.id, c.name, c.title, c.avatar, c.city, c.gender, c.rating, c.rating_count, c.lowest_price,
c.practice_years,
(SELECT s.start_at FROM counseling_timeslot s WHERE s.counselor_id = c.id AND {_BOOKABLE}
 ORDER BY s.start_at LIMIT 1)"""
COUNSELORS = f"""
SELECT {_COLUMNS} FROM counseling_counselor c WHERE c.status = 'published'
ORDER BY c.rating DESC, c.id DESC LIMIT ? OFFSET ?"""
SPECIALTIES = """
SELECT m.counselor_id, m.diseasetag_id, t.name FROM counseling_counselor_specialties m
JOIN content_diseasetag t ON t.id = m.diseasetag_id WHERE m.counselor_id IN ({})
ORDER BY t.sort_order, m.diseasetag_id"""
COUNSELOR = f"""
SELECT {_COLUMNS}, c.bio, c.languages, c.training, c.orientation, c.practice_hours,
  c.supervision_hours, c.min_notice_minutes,
  t.id, t.name
FROM counseling_counselor c
LEFT JOIN counseling_counselor_specialties m ON m.counselor_id = c.id
LEFT JOIN content_diseasetag t ON t.id = m.diseasetag_id
WHERE c.status = 'published' AND c.id = ? ORDER BY t.sort_order, t.id"""
SERVICES = """
SELECT s.id, s.kind, s.mode, s.minutes, s.price, s.first_price, l.id, l.city, l.address
FROM counseling_service s LEFT JOIN counseling_location l ON l.id = s.location_id
WHERE s.counselor_id = ? AND s.is_active ORDER BY s.price, s.id"""

IS_OWN = "SELECT 1 FROM counseling_counselor WHERE id = ? AND user_id = ? LIMIT 1"
_SLOTS = f"""
FROM counseling_timeslot s JOIN counseling_counselor c ON c.id = s.counselor_id
WHERE s.counselor_id = ? AND c.status = 'published' AND {_BOOKABLE}"""
SLOT_COUNT = f"SELECT COUNT(*) {_SLOTS}"
SLOTS = f"""
SELECT s.id, s.counselor_id, s.start_at, s.end_at, s.status {_SLOTS}
ORDER BY s.start_at, s.id LIMIT ? OFFSET ?"""

LOCK_CLIENTS = """
SELECT id, name, birth_date, guardian_consented_at, archived_at, row_key
FROM counseling_clientprofile
WHERE user_id = ? ORDER BY id"""
AGREEMENT = """
SELECT id FROM accounts_agreement WHERE kind = 'booking' AND published_at <= ?
ORDER BY version DESC LIMIT 1"""
LOOK = """
SELECT s.status, s.start_at, s.end_at, s.counselor_id,
  EXISTS(SELECT 1 FROM accounts_consent a
         WHERE a.agreement_id = ? AND a.user_id = ? AND a.withdrawn_at IS NULL),
  (SELECT COUNT(*) FROM counseling_appointment a
   WHERE a.user_id = ? AND a.status = 'pending_payment'),
  EXISTS(SELECT 1 FROM counseling_appointment a
         WHERE a.user_id = ? AND a.status IN ('pending_payment', 'confirmed', 'in_progress')
           AND a.end_at > s.start_at AND a.start_at < s.end_at),
  c.name, c.user_id, v.kind, v.mode, v.minutes, v.price
FROM counseling_timeslot s
JOIN counseling_counselor c ON c.id = s.counselor_id
JOIN accounts_user u ON u.id = c.user_id
JOIN counseling_service v ON v.counselor_id = c.id AND v.id = ?
WHERE s.id = ?"""
HOLD = """
UPDATE counseling_timeslot SET status = 'held', updated_at = ? WHERE id = ? AND status = 'open'"""
ORDER = """
INSERT INTO commerce_order (created_at, updated_at, number, user_id, status, total_amount,
  refunded_amount, expires_at, receiver, receiver_phone, region, address_detail, remark,
  merchant_note, fulfilment, kind, method)
VALUES (?, ?, ?, ?, 'pending', ?, 0, ?, '', '', '', '', '', '', 'none', 'appointment', '')"""
ITEM = """
INSERT INTO commerce_orderitem (order_id, kind, target_id, title, unit_price, quantity,
  image_url) VALUES (?, 'appointment', ?, ?, ?, 1, '')"""
APPOINTMENT = """
INSERT INTO counseling_appointment (created_at, updated_at, number, user_id, client_id,
  counselor_id, slot_id, service_id, order_item_id, agreement_id, kind, mode, start_at, end_at,
  price, note, free_cancel_until, fee_cancel_until, cancel_fee_percent, status, cancel_reason,
  times_moved)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', ?, ?, 30, 'pending_payment', '', 0)"""
SHOWN = """
SELECT a.id, a.number, a.status, a.kind, a.mode, a.start_at, a.end_at, a.price, a.slot_id,
  a.service_id, a.created_at, a.free_cancel_until, a.fee_cancel_until, a.cancel_fee_percent,
  a.cancel_reason, c.id, c.name, c.title, c.avatar, p.id, p.name, p.gender, p.birth_date,
  o.id, o.number, o.status, o.total_amount, o.expires_at, a.note, p.row_key, a.times_moved,
  d.id
FROM counseling_appointment a
JOIN counseling_counselor c ON c.id = a.counselor_id
JOIN counseling_clientprofile p ON p.id = a.client_id
JOIN commerce_orderitem i ON i.id = a.order_item_id
JOIN commerce_order o ON o.id = i.order_id
LEFT JOIN counseling_dispute d ON d.appointment_id = a.id
WHERE a.id = ?"""

ORDER_TO_PAY = """
SELECT o.number, o.status, o.total_amount, o.expires_at,
  (SELECT w.openid FROM accounts_wechatidentity w
   WHERE w.user_id = o.user_id AND w.appid = ? ORDER BY w.id LIMIT 1),
  EXISTS(SELECT 1 FROM commerce_payment p WHERE p.live_order = o.id),
  (SELECT i.title FROM commerce_orderitem i WHERE i.order_id = o.id
   ORDER BY i.kind, i.target_id LIMIT 1),
  (SELECT COUNT(*) FROM commerce_orderitem i WHERE i.order_id = o.id)
FROM commerce_order o WHERE o.id = ? AND o.user_id = ?"""
PAYMENT = """
INSERT INTO commerce_payment (created_at, updated_at, number, order_id, method, amount,
  refunded_amount, status, payer, expires_at, prepay_id, next_query_at, queries)
VALUES (?, ?, ?, ?, 'wechat', ?, 0, 'pending', ?, ?, '', ?, 0)"""
PREPAID = """
UPDATE commerce_payment SET prepay_id = ?, prepaid_at = ?, updated_at = ?
WHERE id = ? AND status = 'pending'"""

_NOTICE = {
    True: "DATE_ADD(?, INTERVAL c.min_notice_minutes MINUTE)",
    False: "datetime(?, '+' || c.min_notice_minutes || ' minutes')",
}
_formed: dict = {}


def next_free(statement: str, store) -> str:
    key = (statement, store.mysql)
    if key not in _formed:
        _formed[key] = statement.format(notice=_NOTICE[store.mysql])
    return _formed[key]
