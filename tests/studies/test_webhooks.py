"""Webhooks: signed messages over real HTTP, sent again until they are taken, to the public internet alone."""

import hashlib
import hmac
import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.urls import reverse
from django.utils import timezone

from anonymizer.jobs import Refused
from studies import posting, runs, webhooks
from studies.models import Webhook, WebhookDelivery
from tests.studies.rows import enrol, make_study, rate

pytestmark = pytest.mark.django_db


class Receiver(HTTPServer):
    """Another program: keeps what it is told, and answers as it is told to."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.told, self.answers = [], [200]
        self.url = f"http://127.0.0.1:{self.server_port}/hook?x=1"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((self.path, dict(self.headers), body))
        answers = self.server.answers
        self.send_response(answers.pop(0) if len(answers) > 1 else answers[0])
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(settings):
    settings.WEBHOOKS_TO_THIS_MACHINE = True
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def study(researcher):
    return make_study(owner=researcher)


def finish(study):
    rater = enrol(study, external_id="PROLIFIC-77")
    rate(rater, 1, 4)
    rate(rater, 2, 2)
    return rater


def test_a_raters_completion_and_the_closing_are_told_once_and_signed(study, receiver):
    _, secret = webhooks.make(study, receiver.url)
    rater = finish(study)
    runs.close_study(study)
    runs.close_study(study)
    assert webhooks.deliver_due() == 2
    assert webhooks.deliver_due() == 0
    (path, headers, body), (_, closing, last) = receiver.told
    assert path == "/hook?x=1"
    told = json.loads(body)
    assert told.pop("at")
    assert told == {
        "event": "rater.completed",
        "study": "street-walks",
        "rater": rater.pseudonym,
        "simulated": False,
        "raters_complete": 1,
    }
    assert (headers["GaitMOS-Event"], closing["GaitMOS-Event"]) == ("rater.completed", "study.closed")
    assert json.loads(last)["event"] == "study.closed"
    at, digest = headers["GaitMOS-Signature"].removeprefix("t=").split(",v1=")
    assert digest == hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    assert abs(int(at) - timezone.now().timestamp()) < 60


def test_no_credential_and_no_identity_is_told_and_the_secret_is_kept_sealed(study, receiver):
    webhook, secret = webhooks.make(study, receiver.url)
    rater = finish(study)
    webhooks.deliver_due()
    rater.refresh_from_db()
    text = repr(receiver.told)
    hidden = (rater.token, study.token, rater.external_hmac, "PROLIFIC", secret)
    assert [each for each in hidden if each in text] == []
    assert secret not in Webhook.objects.get(pk=webhook.pk).sealed_secret


def test_what_is_not_taken_is_sent_again_later_and_later_until_it_is(study, receiver):
    receiver.answers = [500, 302, 204]
    webhook, _ = webhooks.make(study, receiver.url)
    row = webhooks.trial(webhook)
    seen, now = [], timezone.now()
    for _ in range(3):
        webhooks.deliver_due(now)
        row.refresh_from_db()
        seen.append((row.attempts, row.answer, row.next_attempt and row.next_attempt - now))
        now = row.next_attempt or now
    assert seen == [
        (1, "HTTP 500", timedelta(seconds=30)),
        (2, "HTTP 302", timedelta(minutes=2)),
        (3, "HTTP 204", None),
    ]
    assert row.delivered is not None


def test_it_is_given_up_in_the_end(study, receiver):
    receiver.answers = [503]
    webhook, _ = webhooks.make(study, receiver.url)
    row = webhooks.trial(webhook)
    for month in range(webhooks.ATTEMPTS + 2):
        webhooks.deliver_due(timezone.now() + timedelta(days=30 * month))
    assert len(receiver.told) == webhooks.ATTEMPTS
    row.refresh_from_db()
    assert (row.attempts, row.next_attempt, row.delivered) == (webhooks.ATTEMPTS, None, None)


def test_of_two_watches_one_sends(study, receiver):
    webhook, _ = webhooks.make(study, receiver.url)
    row = webhooks.trial(webhook)
    other = WebhookDelivery.objects.get(pk=row.pk)
    now = timezone.now()
    assert [webhooks._claim(row, now), webhooks._claim(other, now)] == [True, False]


def test_where_nobody_answers_the_row_says_so(study, receiver):
    webhook, _ = webhooks.make(study, receiver.url)
    Webhook.objects.update(url="http://127.0.0.1:9/")
    row = webhooks.trial(webhook)
    assert webhooks.deliver_due() == 0
    row.refresh_from_db()
    assert row.answer == "No connection: Connection refused."


# --- Where messages may go --------------------------------------------------------------------------
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "http://127.0.0.1/hook",
        "https://127.0.0.1/hook",
        "https://10.0.0.7/hook",
        "https://169.254.169.254/latest",
        "https://[::1]/hook",
        "https://[::ffff:192.168.0.1]/hook",
        "https://0.0.0.0/",
        "https://user:word@example.org/",
        "https://example.org:99999/",
        "ftp://example.org/",
        "https:///hook",
        "nonsense",
    ],
)
def test_an_address_that_will_not_do_is_refused(study, url, settings):
    settings.WEBHOOKS_TO_THIS_MACHINE = False
    with pytest.raises(Refused):
        webhooks.make(study, url)
    assert not Webhook.objects.exists()


@pytest.mark.parametrize("url", ["https://example.org/hook", "https://93.184.215.14:8443/x?y=z"])
def test_the_public_internet_over_https_is_taken(study, url):
    assert webhooks.make(study, url)[0].url == url


def test_a_name_that_points_to_this_machine_is_found_out_when_it_is_called(settings):
    settings.WEBHOOKS_TO_THIS_MACHINE = False
    with pytest.raises(posting.NotSent, match="not on the public internet"):
        posting.post("https://localhost/", b"{}", {})


def test_a_private_network_is_reached_where_the_operator_allows_it(settings):
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    assert posting.check_address("https://10.0.0.7/hook").hostname == "10.0.0.7"
    with pytest.raises(Refused):
        posting.check_address("https://169.254.169.254/latest")


def test_an_address_once_and_ten_at_most(study, monkeypatch):
    webhooks.make(study, "https://example.org/1")
    with pytest.raises(Refused, match="tells this address already"):
        webhooks.make(study, "https://example.org/1")
    monkeypatch.setattr(webhooks, "MOST", 1)
    with pytest.raises(Refused, match="Remove one first"):
        webhooks.make(study, "https://example.org/2")


# --- The page -------------------------------------------------------------------------------------
def test_a_webhook_is_made_tried_and_removed_on_its_page(signed_in, study, receiver):
    address = reverse("studies:webhooks", args=[study.slug])
    made = signed_in.post(address, {"url": receiver.url})
    assert made.status_code == 201
    assert 'id="secret"' in made.content.decode()
    assert 'id="secret"' not in signed_in.get(address).content.decode()
    webhook = Webhook.objects.get()
    signed_in.post(reverse("studies:webhook_try", args=[study.slug, webhook.pk]))
    webhooks.deliver_due()
    page = signed_in.get(address).content.decode()
    assert "HTTP 200" in page
    assert "taken" in page
    signed_in.post(reverse("studies:webhook_remove", args=[study.slug, webhook.pk]))
    assert not Webhook.objects.exists()


def test_a_refused_address_is_an_error_at_its_field(signed_in, study):
    answer = signed_in.post(reverse("studies:webhooks", args=[study.slug]), {"url": "http://example.org/"})
    assert answer.status_code == 422
    assert "Messages are sent over https only." in answer.content.decode()


def test_only_who_may_change_the_study_says_who_is_told(client, study, django_user_model):
    viewer = django_user_model.objects.create_user("viewer")
    study.shares.create(user=viewer)
    client.force_login(viewer)
    address = reverse("studies:webhooks", args=[study.slug])
    assert [client.get(address).status_code, client.post(address).status_code] == [403, 403]
    webhook, _ = webhooks.make(study, "https://example.org/1")
    for name in ("studies:webhook_try", "studies:webhook_remove"):
        assert client.post(reverse(name, args=[study.slug, webhook.pk])).status_code == 403
    assert not webhook.deliveries.exists()
