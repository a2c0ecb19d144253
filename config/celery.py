"""The Celery app and the one schedule; django-celery-beat shows it in the back office.

A message is a hint: what must happen is a row, and every task here sweeps rows, so losing the
broker loses nothing (invariants Q-1).  No countdown, no ETA: those are not durable.
"""

import os
from datetime import timedelta

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_process_init, worker_ready
from django.conf import settings

from config import broker, pulse  # noqa: F401  (the embedded broker's transport)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

for signal in (beat_init, worker_process_init, worker_ready):
    signal.connect(pulse.start, weak=False)

app = Celery("banxin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

_sweep = timedelta(seconds=settings.SWEEP_SECONDS)
_expires = {"expires": settings.SWEEP_SECONDS * 2}

app.conf.update(
    beat_scheduler="django_celery_beat.schedulers:DatabaseScheduler",
    beat_max_loop_interval=5,
    beat_sync_every=1,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=2,
    task_acks_late=True,
    task_ignore_result=True,
    task_publish_retry=False,
    task_reject_on_worker_lost=True,
    worker_hijack_root_logger=False,
    worker_prefetch_multiplier=1,
    beat_schedule={
        "发送通知": {
            "task": "accounts.deliver_notifications", "schedule": _sweep, "options": _expires,
        },
        "提醒新设备登录": {
            "task": "accounts.notice_new_devices", "schedule": _sweep, "options": _expires,
        },
        "封存操作日志": {
            "task": "accounts.seal_operations",
            "schedule": timedelta(seconds=min(settings.SWEEP_SECONDS, 30)),
            "options": _expires,
        },
        "归档操作日志": {
            "task": "accounts.purge_operations", "schedule": crontab(hour=3, minute=40),
        },
        "清理日志文件": {"task": "accounts.purge_logs", "schedule": crontab(hour=3, minute=50)},
        "注销到期账号": {"task": "accounts.finish_deletions", "schedule": crontab(minute=20)},
        "汇总统计": {"task": "accounts.roll_up", "schedule": crontab(minute=20)},
        "汇总订单": {"task": "commerce.roll_up", "schedule": crontab(minute=25)},
        "用户分群": {"task": "accounts.segment_people", "schedule": crontab(hour=3, minute=10)},
        "清理过期登录": {"task": "accounts.purge_expired", "schedule": crontab(hour=4, minute=10)},
        "提醒 API 密钥到期": {
            "task": "accounts.warn_of_expiring_keys", "schedule": crontab(hour=9, minute=10),
        },
        "清理无主文件": {"task": "media.sweep_orphans", "schedule": crontab(hour=4, minute=40)},
        "生成导出文件": {
            "task": "accounts.run_exports", "schedule": _sweep, "options": _expires,
        },
        "清理导出文件": {"task": "accounts.drop_exports", "schedule": timedelta(hours=1)},
        "关闭超时订单": {"task": "commerce.expire_orders", "schedule": _sweep, "options": _expires},
        "核对未决支付": {
            "task": "commerce.query_pending_payments", "schedule": _sweep, "options": _expires,
        },
        "交付已付订单": {
            "task": "commerce.deliver_paid_orders", "schedule": _sweep, "options": _expires,
        },
        "自动确认收货": {
            "task": "commerce.confirm_orders", "schedule": _sweep, "options": _expires,
        },
        "结束到期商户邀请": {
            "task": "commerce.expire_invitations", "schedule": crontab(minute=35),
        },
        "上传微信发货信息": {
            "task": "commerce.report_shipping", "schedule": _sweep, "options": _expires,
        },
        "发起退款": {"task": "commerce.send_refunds", "schedule": _sweep, "options": _expires},
        "核对退款结果": {
            "task": "commerce.query_pending_refunds", "schedule": _sweep, "options": _expires,
        },
        "导入渠道账单": {
            "task": "commerce.import_bills", "schedule": crontab(hour="10-23", minute=0),
        },
        "结算已完成订单": {"task": "commerce.settle_orders", "schedule": crontab(minute=40)},
        "核对账目": {"task": "commerce.check_books", "schedule": crontab(hour=5, minute=10)},
        "生成预约时段": {"task": "counseling.open_slots", "schedule": timedelta(hours=1)},
        "重新计算咨询师评分": {
            "task": "counseling.refresh_ratings", "schedule": crontab(hour=5, minute=20),
        },
        "重新计算商户评分": {
            "task": "commerce.refresh_ratings", "schedule": crontab(hour=5, minute=25),
        },
        "生成认领协议": {"task": "farm.print_agreements", "schedule": _sweep, "options": _expires},
        "结束到期认领": {"task": "farm.end_claims", "schedule": _sweep, "options": _expires},
        "提醒认领到期": {"task": "farm.remind_of_ends", "schedule": crontab(hour=9, minute=20)},
        "提醒发布动物动态": {
            "task": "farm.remind_of_updates", "schedule": crontab(hour=9, minute=30),
        },
        "提醒即将开始的咨询": {
            "task": "counseling.remind", "schedule": _sweep, "options": _expires,
        },
        "处理受影响的预约": {
            "task": "counseling.resolve_affected", "schedule": _sweep, "options": _expires,
        },
        "提醒资质到期": {
            "task": "counseling.remind_of_expiry", "schedule": crontab(hour=9, minute=40),
        },
        "结束已完成的咨询": {"task": "counseling.complete_past", "schedule": timedelta(minutes=5)},
    },
)  # fmt: skip
