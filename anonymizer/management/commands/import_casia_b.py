"""Bring in walks in CASIA-B's layout."""

from anonymizer.management.importing import ImportCommand
from anonymizer.models import Run


class Command(ImportCommand):
    help = "Import a folder, zip or tar.gz in CASIA-B's layout as a dataset."
    kind = Run.Kind.IMPORT_CASIA_B
