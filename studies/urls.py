"""Addresses of studies, for researchers."""

from django.urls import path

from studies import export_views, views, webhook_views

app_name = "studies"
urlpatterns = [
    path("", views.studies, name="studies"),
    path("new/", views.new, name="new"),
    path("<slug:slug>/", views.study, name="study"),
    path("<slug:slug>/live/", views.live, name="fragment"),
    path("<slug:slug>/open/", views.open_study, name="open"),
    path("<slug:slug>/close/", views.close_study, name="close"),
    path("<slug:slug>/export/", export_views.download, name="export"),
    path("<slug:slug>/exports/", export_views.exports, name="exports"),
    path("<slug:slug>/exports/files/", export_views.files, name="exported_files"),
    path("<slug:slug>/webhooks/", webhook_views.webhooks, name="webhooks"),
    path("<slug:slug>/webhooks/<int:pk>/remove/", webhook_views.remove, name="webhook_remove"),
    path("<slug:slug>/webhooks/<int:pk>/try/", webhook_views.trial, name="webhook_try"),
    path("<slug:slug>/exports/<int:pk>/", export_views.made, name="exported"),
    path("<slug:slug>/figures/<slug:key>.csv", views.figure, name="figure"),
]
