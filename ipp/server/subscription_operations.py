"""Subscriptions and Get-Notifications (RFC 3995 sections 5 and 11, RFC 3996): pulled with ippget, never pushed."""

from collections.abc import Iterable

from gateway.domain import description as said
from gateway.domain.job import Job
from gateway.domain.user import Actor
from gateway.errors import LimitReached, Refusal
from gateway.services.subscriptions import EVENT_LIFE, Notice, Subscription, Wish, check_events
from ipp.server.description import Descriptions, Requested, shown
from ipp.server.operation import Services
from ipp.server.printer_attributes import INT_MAX, up_time
from ipp.server.request import Reply, Request
from ipp.server.status import Refused, bad_request, status_of
from ipp.server.ticket import number, word
from ipp.wire import Attribute, Group, GroupTag, Operation, PrinterState, Status, build, encode_group

WAIT_SECONDS = 60.0  # how long notify-wait keeps a response open; then the client asks again
USER_DATA_MAX = 63
_PRINTER_STATES = {"idle": PrinterState.IDLE, "processing": PrinterState.PROCESSING, "stopped": PrinterState.STOPPED}


class SubscriptionOperations:
    """Reads subscription templates, writes subscriptions and event notifications."""

    def __init__(self, services: Services, descriptions: Descriptions) -> None:
        self._services = services
        self._notifications = services.notifications
        self._descriptions = descriptions

    # -- creating

    async def create_printer_subscriptions(self, request: Request) -> Reply:
        return await self._created(request, None)

    async def create_job_subscriptions(self, request: Request) -> Reply:
        job_id = request.integer("notify-job-id")
        if job_id is None:
            raise bad_request("notify-job-id is missing: say which job.")
        job = request.own(await self._services.release.visible(job_id, request.actor))
        if job.state.ended:
            raise Refused(Status.CLIENT_ERROR_NOT_POSSIBLE, f"Job {job_id} has ended: nothing more will happen to it.")
        return await self._created(request, job_id)

    async def with_job(self, request: Request, job: Job) -> tuple[Status, tuple[bytes, ...]]:
        """Subscriptions that came with the job itself (RFC 3995 section 11.1.3); the job stands whatever they do."""
        if request.operation is Operation.SEND_DOCUMENT or GroupTag.SUBSCRIPTION not in _tags(request):
            return Status.SUCCESSFUL_OK, ()
        groups, refused = await self._create(request, job.id)
        return Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS if refused else Status.SUCCESSFUL_OK, groups

    async def _created(self, request: Request, job_id: int | None) -> Reply:
        groups, refused = await self._create(request, job_id)
        if not groups:
            raise bad_request("There is no group of subscription attributes.")
        status = Status.SUCCESSFUL_OK
        if refused:
            every = refused == len(groups)
            ignored = Status.CLIENT_ERROR_IGNORED_ALL_SUBSCRIPTIONS
            status = ignored if every else Status.SUCCESSFUL_OK_IGNORED_SUBSCRIPTIONS
        return Reply(status=status, groups=groups)

    async def _create(self, request: Request, job_id: int | None) -> tuple[tuple[bytes, ...], int]:
        """(answer groups in the order of the request, how many were refused)."""
        answers: list[tuple[Attribute, ...]] = []
        refused = 0
        for group in request.message.groups_of(GroupTag.SUBSCRIPTION):
            try:
                answers.append(await self._one(request, group, job_id))
            except Refused as no:
                refused += 1
                answers.append((build.enum("notify-status-code", no.status), *no.unsupported))
        return tuple(_group(GroupTag.SUBSCRIPTION, answer) for answer in answers), refused

    async def _one(self, request: Request, group: Group, job_id: int | None) -> tuple[Attribute, ...]:
        wish = _wish(group)
        try:
            made = await self._notifications.subscribe(
                printer=request.printer.name, wish=wish, actor=request.actor, job_id=job_id
            )
        except LimitReached as error:
            raise Refused(Status.CLIENT_ERROR_TOO_MANY_SUBSCRIPTIONS, str(error)) from error
        except Refusal as error:  # the job that came with it stands whatever the database says of this
            raise Refused(status_of(error), str(error)) from error
        identity = build.integer("notify-subscription-id", made.id)
        return (identity,) if job_id else (identity, build.integer("notify-lease-duration", made.lease))

    # -- looking after

    async def get_subscription_attributes(self, request: Request) -> Reply:
        subscription = await self._notifications.get(_subscription_id(request), request.actor)
        return Reply(groups=(self._described(request, subscription, request.requested),))

    async def get_subscriptions(self, request: Request) -> Reply:
        job_id = request.integer("notify-job-id")
        if job_id is not None:
            request.own(await self._services.release.visible(job_id, request.actor))
        found: Iterable[Subscription] = await self._notifications.find(
            request.printer.name, request.actor, job_id=job_id
        )
        if request.boolean("my-subscriptions"):
            found = (s for s in found if s.subscriber == _name(request.actor))
        limit = request.integer("limit")
        several = tuple(found)[: limit if limit is not None and limit > 0 else None]
        requested = frozenset(request.words("requested-attributes")) or frozenset({"notify-subscription-id"})
        return Reply(groups=tuple(self._described(request, s, requested) for s in several))

    async def renew_subscription(self, request: Request) -> Reply:
        lease = request.group(GroupTag.SUBSCRIPTION).get("notify-lease-duration")
        seconds = number(lease) if lease is not None else None
        renewed = await self._notifications.renew(_subscription_id(request), request.actor, seconds)
        answer = (build.integer("notify-lease-duration", renewed.lease),)
        return Reply(groups=(_group(GroupTag.SUBSCRIPTION, answer),))

    async def cancel_subscription(self, request: Request) -> Reply:
        await self._notifications.cancel(_subscription_id(request), request.actor)
        return Reply()

    def _described(self, request: Request, subscription: Subscription, requested: Requested) -> bytes:
        attributes = self._attributes(request, subscription)
        every = requested & {"all", "subscription-description", "subscription-template"}
        return _group(GroupTag.SUBSCRIPTION, tuple(a for a in attributes if every or a.name in requested))

    def _attributes(self, request: Request, subscription: Subscription) -> list[Attribute]:
        wish, printer = subscription.wish, request.printer
        now_up = self._descriptions.up_time(printer)
        left = (subscription.lease_ends or 0.0) - self._services.clock.monotonic()
        lease = [
            build.integer("notify-lease-duration", subscription.lease),
            build.integer("notify-lease-expiration-time", min(now_up + max(int(left), 0), INT_MAX)),
        ]
        job = [build.integer("notify-job-id", subscription.job_id)] if subscription.job_id is not None else lease
        data = [build.octets("notify-user-data", wish.user_data)] if wish.user_data else []
        return [
            build.integer("notify-subscription-id", subscription.id),
            build.integer("notify-sequence-number", subscription.sequence),
            build.keyword("notify-events", *wish.events),
            build.keyword("notify-pull-method", "ippget"),
            build.charset("notify-charset", wish.charset),
            build.language("notify-natural-language", wish.language),
            build.integer("notify-time-interval", wish.time_interval),
            build.name("notify-subscriber-user-name", said.cut(subscription.subscriber, 255)),
            build.uri("notify-printer-uri", request.where.printer_uri(printer)),
            build.integer("notify-printer-up-time", now_up),
            *job,
            *data,
        ]

    # -- pulling

    async def get_notifications(self, request: Request) -> Reply:
        """notify-wait keeps the response open until something happens; nothing else waits with it."""
        ids = request.integers("notify-subscription-ids")
        if not ids:
            raise bad_request("notify-subscription-ids is missing: say which subscriptions.")
        first = request.integers("notify-sequence-numbers") or ()
        wanted = {i: first[place] if place < len(first) else 1 for place, i in enumerate(ids)}
        wait = WAIT_SECONDS if request.boolean("notify-wait") else 0.0
        notices, complete = await self._notifications.notices(wanted, request.actor, wait=wait)
        interval = () if complete else (build.integer("notify-get-interval", int(EVENT_LIFE // 10)),)
        return Reply(
            status=Status.SUCCESSFUL_OK_EVENTS_COMPLETE if complete else Status.SUCCESSFUL_OK,
            operation_attributes=(
                build.integer("printer-up-time", self._descriptions.up_time(request.printer)),
                *interval,
            ),
            groups=tuple(_group(GroupTag.EVENT_NOTIFICATION, self._event(request, n)) for n in notices),
        )

    def _event(self, request: Request, notice: Notice) -> tuple[Attribute, ...]:
        subscription = notice.subscription
        wish = subscription.wish
        data = [build.octets("notify-user-data", wish.user_data)] if wish.user_data else []
        about = self._about_job(request, notice.job) if notice.job is not None else _about_printer(request, notice)
        return (
            build.integer("notify-subscription-id", subscription.id),
            build.integer("notify-sequence-number", notice.sequence),
            build.keyword("notify-subscribed-event", notice.event),
            build.charset("notify-charset", wish.charset),
            build.language("notify-natural-language", "en"),
            build.uri("notify-printer-uri", request.where.printer_uri(request.printer)),
            build.integer("printer-up-time", up_time(request.printer, notice.at)),
            build.text("notify-text", said.cut(notice.text or notice.event.replace("-", " "), 1023)),
            *data,
            *about,
        )

    def _about_job(self, request: Request, job: Job) -> tuple[Attribute, ...]:
        state, reasons, _ = shown(job, request.printer)
        return (
            build.integer("notify-job-id", job.id),
            build.integer("job-id", job.id),
            build.enum("job-state", state),
            build.keyword("job-state-reasons", *(reasons or ("none",))),
            build.name("job-name", said.cut(job.name, 255)),
            build.integer("job-impressions-completed", job.impressions_completed),
        )


def _about_printer(request: Request, notice: Notice) -> tuple[Attribute, ...]:
    status = notice.status
    if status is None:
        return ()
    return (
        build.enum("printer-state", _PRINTER_STATES.get(status.state, PrinterState.STOPPED)),
        build.keyword("printer-state-reasons", *(status.reasons or ("none",))),
        build.boolean("printer-is-accepting-jobs", request.printer.is_accepting_jobs),
    )


def _wish(group: Group) -> Wish:
    """Read one subscription template; Refused tells the status for its notify-status-code."""
    recipient, method = group.get("notify-recipient-uri"), group.get("notify-pull-method")
    if recipient is not None:
        raise Refused(
            Status.CLIENT_ERROR_URI_SCHEME_NOT_SUPPORTED,
            "Events are only pulled with ippget.",
            unsupported=(recipient,),
        )
    if method is None or word(method) != "ippget":
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
            "notify-pull-method must be ippget.",
            unsupported=(method,) if method is not None else (),
        )
    asked = group.get("notify-events")
    events = check_events([value for value in asked.values if isinstance(value, str)]) if asked else ("job-completed",)
    if asked is not None and not events:
        raise Refused(
            Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED, "None of these events exist.", unsupported=(asked,)
        )
    lease, data, interval = (
        group.get(name) for name in ("notify-lease-duration", "notify-user-data", "notify-time-interval")
    )
    return Wish(
        events=events,
        lease=number(lease) if lease is not None else None,
        user_data=_user_data(data),
        time_interval=max((number(interval) or 0) if interval is not None else 0, 0),
    )


def _user_data(attribute: Attribute | None) -> bytes:
    if attribute is None:
        return b""
    value = attribute.value
    if not isinstance(value, bytes) or len(value) > USER_DATA_MAX:
        raise Refused(
            Status.CLIENT_ERROR_REQUEST_VALUE_TOO_LONG, f"notify-user-data has at most {USER_DATA_MAX} octets."
        )
    return value


def _subscription_id(request: Request) -> int:
    found = request.integer("notify-subscription-id")
    if found is None:
        raise bad_request("notify-subscription-id is missing: say which subscription.")
    return found


def _tags(request: Request) -> set[int]:
    return {group.tag for group in request.message.groups}


def _group(tag: GroupTag, attributes: tuple[Attribute, ...]) -> bytes:
    return encode_group(Group(tag, attributes))


def _name(actor: Actor) -> str:
    return actor.user or actor.claimed
