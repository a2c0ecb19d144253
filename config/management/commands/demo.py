"""Realistic Chinese demo data, made through the services."""

import json
import time
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.module_loading import import_string

from accounts.models import User
from config.demo import Demo, find_outside

# In the order of the layers; an app that has demo data adds one line.
MAKERS = [
    "accounts.demo.make", "content.demo.make", "commerce.demo.make", "counseling.demo.make",
    "farm.demo.make",
]  # fmt: skip


class Command(BaseCommand):
    help = "生成演示数据（仅限开发环境）"

    def add_arguments(self, parser):
        parser.add_argument("--scale", choices=["small", "full"], default="small")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--manifest", type=Path, help="把账号与数据编号写入该 JSON 文件")
        parser.add_argument("--if-empty", action="store_true", help="已有用户时什么也不做")

    def handle(self, *, scale, seed, manifest, if_empty, **options):
        if not settings.DEMO_ALLOWED:
            raise CommandError("演示数据只能在开发环境生成")
        if User.objects.exists():
            if if_empty:
                self.stdout.write("已有数据，未生成演示数据")
                return
            raise CommandError("数据库中已有用户；演示数据只写入空数据库")
        started = time.monotonic()
        demo = Demo(seed=seed, scale=scale, outside=find_outside())
        for path in MAKERS:
            demo.begin(path)
            import_string(path)(demo)
        if manifest:
            manifest.write_text(json.dumps(demo.manifest(), ensure_ascii=False, indent=2))
        made = "，".join(f"{kind} {len(ids)}" for kind, ids in demo.ids.items())
        self.stdout.write(f"演示数据已生成：{made}（{time.monotonic() - started:.1f} 秒）")
