from django.apps import AppConfig


class RecognitionConfig(AppConfig):
    name = "recognition"
    verbose_name = "Recognition"

    def ready(self) -> None:
        from anonymizer.models import NAMED_ROWS
        from recognition import forgetting
        from recognition.models import Recognizer

        NAMED_ROWS["recognizer"] = Recognizer
        forgetting.begin()
