from django.apps import AppConfig


class StudiesConfig(AppConfig):
    name = "studies"
    verbose_name = "Studies"

    def ready(self) -> None:
        from anonymizer import stored_files
        from studies.models import Export

        stored_files.goes_with(Export, "file")
