from config.api.routers import ApiRouter
from content.views.categories import CategoryViewSet

router = ApiRouter()
router.register("category", CategoryViewSet, basename="category")

urlpatterns = router.urls
