"""What of farm can be exported; numbers of people are masked like everywhere."""

from accounts.exports import StatsExport
from accounts.services.export_kinds import Column, TableExport
from config.masking import mask_phone
from farm.filters import ClaimExportFilter
from farm.models import AnimalClaim
from farm.serializers.stats import FarmStatsQuery
from farm.services.farm_stats import farm_stats
from farm.services.stat_tables import rows_of


class ClaimExport(TableExport):
    label = "认领"
    permission = "farm.view_animalclaim"
    filterset = ClaimExportFilter
    columns = {
        "number": Column("认领编号", lambda claim: claim.number),
        "order": Column("订单编号", lambda claim: claim.order_item.order.number),
        "animal": Column("动物", lambda claim: claim.animal_name),
        "animal_id": Column("动物 ID", lambda claim: claim.animal_id),
        "merchant": Column("商户", lambda claim: claim.merchant),
        "user_id": Column("用户 ID", lambda claim: claim.user_id),
        "phone": Column(
            "用户手机号", lambda claim: claim.user.phone, lambda claim: mask_phone(claim.user.phone)
        ),
        "price_paid": Column("认领价格(元)", lambda claim: claim.price_paid),
        "months": Column("期限(月)", lambda claim: claim.months),
        "status": Column("状态", lambda claim: claim.get_status_display()),
        "created_at": Column("创建时间", lambda claim: claim.created_at),
        "claimed_at": Column("认领时间", lambda claim: claim.claimed_at),
        "ends_at": Column("到期时间", lambda claim: claim.ends_at),
        "ended_at": Column("结束时间", lambda claim: claim.ended_at),
        "end_kind": Column("结束方式", lambda claim: claim.get_end_kind_display()),
        "end_reason": Column("结束原因", lambda claim: claim.end_reason),
    }

    def rows(self, user):
        return AnimalClaim.objects.select_related("order_item__order", "merchant", "user")


class FarmStatsExport(StatsExport):
    label = "认领统计"
    query = FarmStatsQuery
    figures = staticmethod(farm_stats)
    figures_table = staticmethod(rows_of)
