"""Addresses of recognition: who is still named?"""

from django.urls import path

from recognition import ablation_views, sweep_views, views

app_name = "recognition"
urlpatterns = [
    path("", views.index, name="index"),
    path("start/", views.start, name="start"),
    path("train/", views.train, name="train"),
    path("ablations/", ablation_views.ablations, name="ablations"),
    path("ablations/<int:pk>.csv", ablation_views.table, name="ablation_table"),
    path("sweeps/", sweep_views.sweeps, name="sweeps"),
    path("sweeps/<int:pk>/", sweep_views.sweep, name="sweep"),
    path("sweeps/<int:pk>/export/", sweep_views.export, name="sweep_export"),
    path("<int:pk>/", views.recognition, name="recognition"),
    path("<int:pk>/export/", views.export, name="export"),
]
