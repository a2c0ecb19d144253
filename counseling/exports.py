"""What of counseling can be exported."""

from accounts.exports import StatsExport
from counseling.serializers.stats import AppointmentStatsQuery
from counseling.services.appointment_stats import appointment_stats
from counseling.services.stat_tables import rows_of


class AppointmentStatsExport(StatsExport):
    label = "预约统计"
    query = AppointmentStatsQuery
    figures = staticmethod(appointment_stats)
    figures_table = staticmethod(rows_of)
