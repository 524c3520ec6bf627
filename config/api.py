"""The API under /api/v1/: every app's calls in one place, every answer JSON, refusals and failures too."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import URLPattern, URLResolver, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

import studies.api
import studies.research_api
from anonymizer.jobs import VERSION
from studies import rating

View = Callable[..., HttpResponseBase]
logger = logging.getLogger(__name__)


class JsonAPI(NinjaAPI):
    """NinjaAPI, with JSON also where Django would answer for it: unknown addresses and wrong methods."""

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        patterns, app_name, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = private(pattern.callback)
        return [*patterns, re_path(r"^", private(csrf_exempt(unknown_address)))], app_name, namespace


def private(view: View) -> View:
    """Answers that no cache keeps and no other site hears the address of, a wrong method's in JSON."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except Http404:
            response = unknown_address(request)
        if response.status_code == 405:
            allowed = response.headers.get("Allow", "")
            detail = f"{request.method} is not possible here; {allowed} is."
            response = JsonResponse({"detail": detail}, status=405, headers={"Allow": allowed})
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return answer


def unknown_address(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"detail": "There is nothing at this address."}, status=404)


api = JsonAPI(
    title="GaitMOS",
    version=VERSION,
    description=(
        "How natural anonymized walks look to people. A rater's token in the address is the credential; researchers "
        "use the site's session or a key."
    ),
    docs_url=None,
    openapi_url="/openapi.json",
)
api.add_router("", studies.api.router)
api.add_router("", studies.research_api.router)


@api.exception_handler(rating.Refused)
def refused(request: HttpRequest, error: rating.Refused) -> HttpResponse:
    if isinstance(error, rating.AlreadyRated):
        body: dict[str, object] = {"kept": error.kept}
    else:
        body = {"detail": str(error), "code": error.code}
    return JsonResponse(body, status=studies.api.STATUS[type(error)])


@api.exception_handler(Http404)
def not_found(request: HttpRequest, error: Http404) -> HttpResponse:
    return JsonResponse({"detail": str(error) or "There is nothing at this address."}, status=404)


@api.exception_handler(AuthenticationError)
def not_known(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    detail = "Sign in, or send a key that is not revoked: Authorization: Bearer KEY."
    return JsonResponse(
        {"detail": detail}, status=401, headers={"WWW-Authenticate": 'Bearer realm="GaitMOS"'}
    )


@api.exception_handler(ValidationError)
def not_understood(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """What is wrong with which field, in one line and as a list."""
    wrong = [{"field": ".".join(map(str, item["loc"][1:])), "message": item["msg"]} for item in error.errors]
    line = "; ".join(f"{item['field']}: {item['message']}" for item in wrong)
    return JsonResponse({"detail": line, "errors": wrong}, status=422)


@api.exception_handler(Exception)
def failed(request: HttpRequest, error: Exception) -> HttpResponse:
    logger.exception("The API failed at %s", request.path)
    return JsonResponse({"detail": "Something went wrong here. Please try again in a moment."}, status=500)
