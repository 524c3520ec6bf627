import tests.file_database  # noqa: F401  the live server answers in threads of its own
