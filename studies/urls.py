"""Addresses of studies, for researchers."""

from django.urls import path

from studies import (
    builder_views,
    dashboard_views,
    export_views,
    identity_views,
    life_views,
    screening_views,
    views,
    webhook_views,
)

app_name = "studies"
urlpatterns = [
    path("", views.studies, name="studies"),
    path("new/", builder_views.new, name="new"),
    path("new/aside/", builder_views.aside, name="builder_aside"),
    path("drafts/save/", builder_views.save, name="save_draft"),
    path("drafts/<int:pk>/", builder_views.draft, name="draft"),
    path("drafts/<int:pk>/delete/", builder_views.delete_draft, name="delete_draft"),
    path("<slug:slug>/", dashboard_views.study, name="study"),
    path("<slug:slug>/live/", dashboard_views.live, name="fragment"),
    path("<slug:slug>/depth/", dashboard_views.deeper, name="depth"),
    path("<slug:slug>/raters/", screening_views.raters, name="raters"),
    path("<slug:slug>/raters/<slug:pseudonym>/", screening_views.rater, name="rater"),
    path("<slug:slug>/raters/<slug:pseudonym>/aside/", screening_views.aside, name="aside"),
    path("<slug:slug>/screening/", screening_views.screens, name="screening"),
    path("<slug:slug>/screening/lift/", screening_views.lift, name="lift"),
    path("<slug:slug>/screening/<slug:rule>/apply/", screening_views.apply, name="apply_rule"),
    path("<slug:slug>/open/", life_views.open_study, name="open"),
    path("<slug:slug>/close/", life_views.close_study, name="close"),
    path("<slug:slug>/copy/", builder_views.copy, name="copy"),
    path("<slug:slug>/manage/", life_views.manage, name="manage"),
    path("<slug:slug>/settings/", life_views.change, name="change"),
    path("<slug:slug>/seats/", life_views.add_seats, name="add_seats"),
    path("<slug:slug>/freeze/", life_views.freeze, name="freeze"),
    path("<slug:slug>/delete/", life_views.delete, name="delete"),
    path("<slug:slug>/share/", life_views.share, name="share"),
    path("<slug:slug>/share/<int:pk>/end/", life_views.unshare, name="unshare"),
    path("<slug:slug>/design.csv", life_views.design_csv, name="design"),
    path("<slug:slug>/platform-ids.csv", identity_views.platform_ids, name="platform_ids"),
    path("<slug:slug>/clips/<int:pk>.mp4", life_views.clip, name="clip"),
    path("<slug:slug>/export/", export_views.download, name="export"),
    path("<slug:slug>/exports/", export_views.exports, name="exports"),
    path("<slug:slug>/exports/files/", export_views.files, name="exported_files"),
    path("<slug:slug>/webhooks/", webhook_views.webhooks, name="webhooks"),
    path("<slug:slug>/webhooks/<int:pk>/remove/", webhook_views.remove, name="webhook_remove"),
    path("<slug:slug>/webhooks/<int:pk>/try/", webhook_views.trial, name="webhook_try"),
    path("<slug:slug>/exports/<int:pk>/", export_views.made, name="exported"),
    path("<slug:slug>/figures/<slug:key>.csv", dashboard_views.figure, name="figure"),
]
