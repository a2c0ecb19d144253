from django.urls import path

from config.api.routers import ApiRouter
from farm.views.animals import AnimalViewSet
from farm.views.claims import AgreementFileViewSet, ClaimViewSet, MerchantClaimViewSet
from farm.views.merchants import MerchantAnimalViewSet
from farm.views.stats import FarmStatsViewSet

router = ApiRouter()
router.register("animals/claims", ClaimViewSet, basename="animal-claim")
router.register("animals", AnimalViewSet, basename="animal")
router.register("merchants/animals", MerchantAnimalViewSet, basename="merchant-animal")
router.register("merchants/claims", MerchantClaimViewSet, basename="merchant-claim")

urlpatterns = [
    path(
        "animals/agreements/file",
        AgreementFileViewSet.as_view({"get": "file"}),
        name="animal-agreement-file",
    ),
    path("stat/farm", FarmStatsViewSet.as_view({"get": "retrieve"}), name="stat-farm"),
    path("stat/farm/export", FarmStatsViewSet.as_view({"post": "export"}), name="stat-farm-export"),
    *router.urls,
]
