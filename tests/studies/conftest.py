import tests.file_database  # noqa: F401  raters come at once, each in a thread
