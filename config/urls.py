"""Every address of the site."""

from django.contrib import admin
from django.contrib.auth import views as auth
from django.urls import include, path

from config import health, views
from config.api import api
from studies import key_views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("accounts/login/", auth.LoginView.as_view(), name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/password/", auth.PasswordChangeView.as_view(), name="password_change"),
    path("accounts/keys/", key_views.api_keys, name="api_keys"),
    path("accounts/keys/<int:pk>/revoke/", key_views.revoke, name="api_key_revoke"),
    path("accounts/password/done/", auth.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("", include("anonymizer.urls")),
    path("recognition/", include("recognition.urls")),
    path("studies/", include("studies.urls")),
    path("", include("studies.rater_urls")),
    path("api/v1/", api.urls),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("admin/", admin.site.urls),
]
