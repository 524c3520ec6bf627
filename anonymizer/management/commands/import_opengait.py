"""Bring in walks in OpenGait's layout."""

from anonymizer.management.importing import ImportCommand
from anonymizer.models import Run


class Command(ImportCommand):
    help = "Import a folder, zip or tar.gz in OpenGait's layout (.pkl or .npy) as a dataset."
    kind = Run.Kind.IMPORT_OPENGAIT
