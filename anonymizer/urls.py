"""Addresses of datasets and of the runs that make and change them."""

from django.urls import path

from anonymizer import upload_views, views

app_name = "anonymizer"
urlpatterns = [
    path("datasets/", views.datasets, name="datasets"),
    path("datasets/import/", views.import_dataset, name="dataset_import"),
    path("datasets/uploads/", upload_views.announce, name="uploads"),
    path("datasets/uploads/<slug:token>/", upload_views.upload, name="upload"),
    path("datasets/generate/", views.generate_dataset, name="dataset_generate"),
    path("datasets/sequences/<int:pk>/picture.png", views.sequence_picture, name="sequence_picture"),
    path("datasets/sequences/<int:pk>/film.png", views.sequence_film, name="sequence_film"),
    path("datasets/<slug:slug>/", views.dataset, name="dataset"),
    path("datasets/<slug:slug>/left-out.csv", views.left_out_csv, name="dataset_left_out"),
    path("datasets/<slug:slug>/sequences.csv", views.sequences_csv, name="dataset_sequences"),
    path("anonymizer/", views.run_list, name="runs"),
    path("anonymizer/anonymize/", views.anonymize, name="anonymize"),
    path("anonymizer/train/", views.train_network, name="train_network"),
    path("anonymizer/jobs/", views.jobs_foot, name="jobs_foot"),
    path("anonymizer/runs/<int:pk>/", views.run, name="run"),
    path("anonymizer/runs/<int:pk>/progress/", views.run_progress, name="run_progress"),
    path("anonymizer/runs/<int:pk>/cancel/", views.run_cancel, name="run_cancel"),
    path("anonymizer/runs/<int:pk>/retry/", views.run_retry, name="run_retry"),
    path("anonymizer/runs/<int:pk>/put-away/", views.run_put_away, name="run_put_away"),
    path("anonymizer/sequences/<int:pk>/picture.png", views.anonymized_picture, name="anonymized_picture"),
    path("anonymizer/sequences/<int:pk>/film.png", views.anonymized_film, name="anonymized_film"),
    path("anonymizer/clips/<int:pk>.mp4", views.clip, name="clip"),
]
