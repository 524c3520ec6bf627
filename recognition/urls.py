"""Addresses of recognition: who is still named?"""

from django.urls import path

from recognition import ablation_views, views

app_name = "recognition"
urlpatterns = [
    path("", views.index, name="index"),
    path("start/", views.start, name="start"),
    path("train/", views.train, name="train"),
    path("ablations/", ablation_views.ablations, name="ablations"),
    path("ablations/<int:pk>.csv", ablation_views.table, name="ablation_table"),
    path("<int:pk>/", views.recognition, name="recognition"),
    path("<int:pk>/export/", views.export, name="export"),
]
