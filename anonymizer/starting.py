"""A sent form becomes a run in the queue, and the browser goes to the run's page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from anonymizer import tasks
from anonymizer.forms import RunForm


def started(request: HttpRequest, form: RunForm) -> HttpResponse | None:
    """To the page of the run that the form asks for; None where the form is to be shown, new or with its errors."""
    if request.method != "POST" or not form.is_valid():
        return None
    run = form.start(request.user if request.user.is_authenticated else None)
    if run is None:
        return None
    tasks.enqueue(run)
    return redirect("anonymizer:run", run.pk)
