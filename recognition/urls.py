"""Addresses of recognition: who is still named?"""

from django.urls import path

from recognition import views

app_name = "recognition"
urlpatterns = [
    path("", views.index, name="index"),
    path("start/", views.start, name="start"),
    path("train/", views.train, name="train"),
    path("<int:pk>/", views.recognition, name="recognition"),
    path("<int:pk>/export/", views.export, name="export"),
]
