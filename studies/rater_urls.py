"""Addresses of the raters' pages. The tokens in them are credentials."""

from django.urls import path

from studies import rater_pages

app_name = "raters"

urlpatterns = [
    path("s/<str:token>/", rater_pages.start, name="start"),
    path("r/<str:token>/", rater_pages.rate, name="rate"),
    path("c/<str:name>/<str:signed>", rater_pages.clip, name="clip"),
]
