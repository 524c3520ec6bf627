"""What becomes of a request by a method its address doesn't take: a page in the site's look, not an empty one.

An address that only takes forms must not be where somebody lands who has just signed in.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

Answer = Callable[[HttpRequest], HttpResponseBase]


def methods(answer: Answer) -> Answer:
    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        if response.status_code == 405 and _wants_page(request):
            page = render(request, "405.html", status=405)
            page["Allow"] = response.get("Allow", "")
            return page
        if request.method not in ("GET", "HEAD") and _sends_to_sign_in(response):
            response["Location"] = f"{settings.LOGIN_URL}?{urlencode({'next': came_from(request)})}"
        return response

    return middleware


def _wants_page(request: HttpRequest) -> bool:
    """A browser that goes to an address names HTML; scripts and programs keep their own answer."""
    return "text/html" in request.headers.get("Accept", "") and not request.path.startswith("/api/")


def _sends_to_sign_in(response: HttpResponseBase) -> bool:
    where = urlsplit(response.get("Location", ""))
    return response.status_code == 302 and where.path == settings.LOGIN_URL and "next=" in where.query


def came_from(request: HttpRequest) -> str:
    """The page of this site that the form was on; the overview where that isn't known."""
    address = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    page = urlsplit(address)
    if not ours or not page.path.startswith("/") or page.path == settings.LOGIN_URL:
        return reverse("overview")
    return f"{page.path}?{page.query}" if page.query else page.path
