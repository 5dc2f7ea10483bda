"""What metrics and labels mean: workloads as people think of them, whatever made their names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leakdoc.errors import UsageError
from leakdoc.model.metrics import KNOWN
from leakdoc.sampling.sources.prometheus.conventions import built_in, with_metric
from leakdoc.sampling.sources.prometheus.inventory import FACTS, Listed
from leakdoc.sampling.sources.prometheus.places import places_of
from leakdoc.sampling.sources.prometheus.promql import matchers_of, one_of, selector
from leakdoc.sampling.sources.prometheus.protobuf import Matcher
from leakdoc.sampling.sources.prometheus.workload import find_workload
from leakdoc.sampling.sources.prometheus.workloads import identity_of, version_of, workload_of

POOLS = ("pool_size", "pool_in_use", "pool_waiting")


def test_every_column_is_one_that_is_known() -> None:
    assert {each.column for each in built_in().metrics} <= {*KNOWN, *FACTS, "tasks", *POOLS}


def test_no_metric_stands_there_twice() -> None:
    told = [(each.name, each.where) for each in built_in().metrics]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("adservice-5f6585d649-fnmft", "adservice"),  # of a deployment
        ("web-7d9f8b6c5d-x2x4z", "web"),
        ("redis-master-0", "redis-master"),  # of a stateful set
        ("node-exporter-x2x4z", "node-exporter"),  # of a daemon set
        ("backup-28123456-x2x4z", "backup"),  # of a cron job
        ("standalone", "standalone"),
        ("my-service-alone", "my-service-alone"),  # vowels: a word, and no made-up ending
    ],
)
def test_a_pod_is_named_by_what_it_was_made_from(pod: str, workload: str) -> None:
    assert workload_of(pod) == workload


@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ({"namespace": "shop", "pod": "api-7d9f8b6c5d-x2x4z", "container": "web"}, "shop/api/web"),
        ({"namespace": "shop", "pod": "api-7d9f8b6c5d-x2x4z", "job": "a", "instance": "b"}, "shop/api"),
        ({"k8s_namespace_name": "shop", "k8s_pod_name": "api-0"}, "shop/api"),
        ({"groupname": "nginx", "instance": "h:9256", "job": "procs"}, "h:9256/nginx"),
        ({"service_name": "api", "service_instance_id": "7", "job": "otel", "instance": "x"}, "api"),
        ({"subject": "shop", "pid": "42", "job": "leakdoc", "instance": "h:9917"}, "h:9917/shop"),
        ({"job": "pg", "instance": "h:9187", "datname": "orders", "state": "idle"}, "pg/h:9187/orders"),
        ({"job": "svc", "instance": "h:80"}, "svc/h:80"),
        ({"job": "svc"}, "svc"),
        (
            {
                "job": "ksm",
                "namespace": "mon",
                "pod": "ksm-0",
                "container": "ksm",
                "exported_namespace": "shop",
                "exported_pod": "api-7d9f8b6c5d-x2x4z",
            },
            "shop/api",
        ),
        ({"job": "push", "instance": "p:9091", "exported_job": "nightly"}, "nightly"),
        ({"id": "/docker/1", "name": "web-1", "image": "w:1", "job": "c", "instance": "h:8080"}, "h:8080/web-1"),
        ({"color": "blue"}, None),
        ({"job": "", "instance": ""}, None),
        ({"job": "a\x1b[2J", "instance": "b"}, "a [2J/b"),
    ],
)
def test_whose_a_series_is(labels: dict[str, str], name: str | None) -> None:
    identity = identity_of(labels, built_in())
    assert (None if identity is None else identity.name) == name


def test_what_an_exporter_tells_of_another_is_a_subject_of_its_own() -> None:
    labels = {"job": "node", "instance": "h:9100"}
    own, machine = identity_of(labels, built_in()), identity_of(labels, built_in(), "machine")
    assert own is not None and machine is not None
    assert (own.name, machine.name) == ("node/h:9100", "node/h:9100/machine")
    assert (own.process, own.split) == (machine.process, machine.split)


def test_what_was_renamed_is_asked_for_by_its_new_name() -> None:
    identity = identity_of({"pod": "ksm-0", "exported_pod": "api-0", "exported_namespace": "shop"}, built_in())
    assert identity is not None and identity.split == ("exported_pod", "api-0")


@pytest.mark.parametrize(
    ("where", "labels", "selected"),
    [
        ('a="b"', {"a": "b"}, True), ('a="b"', {}, False), ('a!="b"', {}, True), ('a!="b"', {"a": "b"}, False),
        ('a=~"b.*"', {"a": "bc"}, True), ('a=~"b"', {"a": "bc"}, False), ('a!~"b.*"', {"a": "bc"}, False),
    ],
)  # fmt: skip
def test_a_name_of_several_meanings_is_told_by_its_labels(where: str, labels: dict[str, str], selected: bool) -> None:
    assert with_metric(built_in(), f"x{{{where}}}").metrics[0].selects(labels) is selected


def test_what_is_called_alike_in_two_clusters_is_two_workloads() -> None:
    several = replace(built_in(), clusters_by="cluster")
    labels = {"namespace": "shop", "pod": "db-0", "container": "db", "cluster": "eu"}
    told = [identity_of(each, several) for each in (labels, labels | {"cluster": "us"}, labels | {"cluster": ""})]
    assert [each.name for each in told if each is not None] == ["eu/shop/db/db", "us/shop/db/db", "shop/db/db"]
    alone = identity_of(labels, built_in())
    assert alone is not None and alone.name == "shop/db/db"


def test_a_name_is_read_back_with_and_without_a_cluster() -> None:
    assert places_of("svc") == []
    plain, of_cluster, of_otel, of_tenant, renamed, *_ = places_of("us/shop/db/web")
    assert [each.namespace.partition("=")[0] for each in (of_otel, of_tenant)] == ["k8s_cluster_name", "__tenant_id__"]
    assert [(each.workload, each.container) for each in (plain, of_cluster)] == [("shop", "db"), ("db", "web")]
    assert places_of("shop/db")[0].pods == 'namespace="shop",pod=~"db(-.*)?"'
    assert renamed.pods == 'exported_namespace="us",exported_pod=~"shop(-.*)?"'
    assert renamed.is_of({"pod": "ksm-7d9f8b6c5d-zz9zz", "exported_pod": "shop-7d9f8b6c5d-x2x4z"})


@pytest.mark.parametrize(
    ("labels", "version"),
    [
        ({"image": "registry:5000/shop/api:1.2"}, "api:1.2"),
        ({"image": "api@sha256:" + "a" * 64}, "api@aaaaaaaaaaaa"),
        ({"version": "v7", "image": "api:1.2"}, "v7"),
        ({}, None),
    ],
)
def test_which_build_a_series_is_of(labels: dict[str, str], version: str | None) -> None:
    assert version_of(labels, built_in()) == version


def test_a_metric_of_ones_own_comes_first() -> None:
    conventions = with_metric(built_in(), 'my_rss{kind="a"}=rss_bytes')
    first = conventions.metrics[0]
    assert (first.name, first.column, first.where, first.summed) == (
        "my_rss", "rss_bytes", (Matcher("kind", "a"),), False,
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", '{a="b"}', 'x{a="b"', "x{nonsense}"])
def test_what_is_no_metric_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        with_metric(built_in(), text)


@pytest.mark.parametrize("value", ['say "hi"', "a\\b", "line\nbreak", "a.b|c", "ü"])
def test_any_value_of_a_label_can_be_asked_for(value: str) -> None:
    (read,) = matchers_of(selector([Matcher("a", value.replace("\n", " "))]))
    assert read == Matcher("a", value.replace("\n", " "))
    assert one_of("a", [value]).value == value


def test_literals_are_escaped_in_expressions() -> None:
    assert one_of("a", ["x.y", "p|q"]).value == r"x\.y|p\|q"


@pytest.mark.parametrize("text", ["", "a", "a=", 'a="b" c="d"', "{", 'a=~"b",,'])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        matchers_of(text)


def listed(*names: str) -> list[Listed]:
    meaning = built_in().metrics[0]
    return [Listed(tuple(name.split("/")), {meaning: {("instance", name): 1}}) for name in names]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("shop/api/web", ["shop/api/web"]),
        ("api/web", ["shop/api/web"]),
        ("api", ["shop/api/web"]),
        ("svc", ["svc/a:80", "svc/b:80"]),
        ("svc/a:80", ["svc/a:80"]),
    ],
)
def test_a_workload_is_found_by_its_name(asked: str, found: list[str]) -> None:
    subjects = listed("shop/api/web", "svc/a:80", "svc/b:80")
    assert ["/".join(each.name) for each in find_workload(subjects, asked)] == found


@pytest.mark.parametrize(("asked", "said"), [("none", "no workload"), ("web", "2 workloads"), ("", "no workload")])
def test_a_name_of_none_or_of_several_is_refused(asked: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_workload(listed("shop/api/web", "pay/api/web"), asked)
