"""Conventions against what exporters write, label for label, in a real Prometheus; each with what misleads in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leakdoc.cli.main import main
from tests.fleet_samples import HOURS, MIB, TIMES, Points, constant, points
from tests.prometheus_server import END, filled, serving_prometheus

pytestmark = pytest.mark.xdist_group("prometheus")
GIB = 1024 * MIB
ROWS = len(TIMES)


def grows(level: float, by: float, *, seed: int = 1, rows: range = range(ROWS)) -> Points:
    """Samples that rise by so many MiB over the window."""
    return points(lambda row: level * MIB + by * MIB * row / ROWS, seed=seed, rows=rows)


def counts(level: float, by: float) -> Points:
    """Small numbers that rise by so many over the window."""
    return [(at, float(round(level + by * row / ROWS))) for row, at in enumerate(TIMES)]


def of_kubernetes() -> dict[str, Points]:
    """A kubelet's two pages, and a kube-state-metrics that was scraped without honor_labels."""
    api = 'namespace="shop",pod="api-7d9f8b6c5d-x2x4z"'
    kubelet = 'job="kubelet",instance="10.0.0.7:10250",node="n1"'
    page = f'{kubelet},metrics_path="/metrics/cadvisor"'
    web = f'{page},container="web",id="/kubepods.slice/a.scope",image="docker.io/shop/api:1.1",name="abc",{api}'
    pause = f'{page},container="POD",id="/kubepods.slice/p.scope",image="pause:3.9",name="p",{api}'
    states = 'job="ksm",instance="10.0.0.9:8080",namespace="monitoring",pod="ksm-7d9f8b6c5d-zz9zz",container="ksm"'
    told = f'{states},exported_namespace="shop",exported_pod="api-7d9f8b6c5d-x2x4z"'
    limit = f'{told},exported_container="web"'
    memory = grows(200, 150)
    return {
        f"container_memory_working_set_bytes{{{web}}}": memory,
        f"container_memory_working_set_bytes{{{pause}}}": constant(0.5 * MIB),
        f'container_memory_working_set_bytes{{{page},container="",id="/kubepods",image="",name="",{api}}}': memory,
        f'container_memory_working_set_bytes{{{page},id="/"}}': grows(9000, 4000),
        f'container_memory_working_set_bytes{{{kubelet},metrics_path="/metrics/resource",container="web",{api}}}': [
            (at - 7.0, value) for at, value in memory
        ],
        f"container_spec_memory_limit_bytes{{{web}}}": constant(0.0),  # as on a node where cAdvisor is not told
        f'kube_pod_container_resource_limits{{{limit},resource="memory",unit="byte"}}': constant(512 * MIB),
        f'kube_pod_container_resource_limits{{{limit},resource="cpu",unit="core"}}': constant(2.0),
        f"kube_pod_created{{{told}}}": constant(TIMES[0] - 60.0),
        f"process_resident_memory_bytes{{{states}}}": grows(60, 0, seed=2),
    }


def of_engines() -> dict[str, Points]:
    """A cAdvisor beside Docker, whose containers have a name and whose slices have none; one in a pod of its own."""
    page = 'job="cadvisor",instance="host1:8080"'
    web = (
        f'{page},id="/docker/1f",image="shop/web:2",name="shop-web-1",container_label_com_docker_compose_service="web"'
    )
    pod = 'namespace="monitoring",pod="cadvisor-x2x4z",container="cadvisor"'
    inside = 'container_label_io_kubernetes_pod_namespace="pay",container_label_io_kubernetes_pod_name="till-0"'
    return {
        f"container_memory_working_set_bytes{{{web}}}": grows(100, 90),
        f"container_spec_memory_limit_bytes{{{web}}}": constant(256 * MIB),
        f'container_memory_working_set_bytes{{{page},id="/"}}': grows(4000, 2000),
        f'container_memory_working_set_bytes{{{page},id="/system.slice"}}': grows(400, 300),
        f'container_memory_working_set_bytes{{{pod},id="/k/1",image="till:3",name="k8s_till",{inside},'
        f'container_label_io_kubernetes_container_name="till"}}': grows(100, 80, seed=3),
    }


def of_runtimes() -> dict[str, Points]:
    """Heaps as Micrometer, client_java and OpenTelemetry call them, and the runtimes of .NET."""
    pools = (("G1 Eden Space", 40.0, 0.0), ("G1 Old Gen", 100.0, 120.0), ("G1 Survivor Space", 4.0, 0.0))
    found: dict[str, Points] = {}
    for at, (pool, level, by) in enumerate(pools):
        micrometer = f'job="boot",instance="a:8080",area="heap",id="{pool}"'
        otel = f'job="shop/otel",instance="7",jvm_memory_type="heap",jvm_memory_pool_name="{pool}"'
        found[f"jvm_memory_used_bytes{{{micrometer}}}"] = grows(level, by, seed=at)
        found[f"jvm_memory_max_bytes{{{micrometer}}}"] = constant(-1.0 if at != 1 else GIB)
        found[f"jvm_memory_used_bytes{{{otel}}}"] = grows(level, by, seed=at)
        if at == 1:
            found[f"jvm_memory_limit_bytes{{{otel}}}"] = constant(GIB)
    for job, labels in (("boot", 'area="nonheap",id="Metaspace"'), ("shop/otel", 'jvm_memory_type="non_heap"')):
        instance = "a:8080" if job == "boot" else "7"
        found[f'jvm_memory_used_bytes{{job="{job}",instance="{instance}",{labels}}}'] = grows(60, -20, seed=9)
    for generation, by in (("gen0", 0.0), ("gen2", 90.0), ("loh", 0.0)):
        labels = f'job="core",instance="b:80",gc_heap_generation="{generation}"'
        found[f"dotnet_gc_last_collection_heap_size_bytes{{{labels}}}"] = grows(50, by, seed=4)
    return found | {
        'jvm_threads_live_threads{job="boot",instance="a:8080"}': constant(40.0),
        'process_files_open_files{job="boot",instance="a:8080"}': counts(100, 400),
        'process_files_max_files{job="boot",instance="a:8080"}': constant(1024.0),
        'jvm_memory_bytes_used{job="old",instance="c:80",area="heap"}': grows(100, 90, seed=5),
        'jvm_memory_bytes_used{job="old",instance="c:80",area="nonheap"}': grows(60, -20, seed=6),
        'jvm_memory_bytes_max{job="old",instance="c:80",area="heap"}': constant(512 * MIB),
        'jvm_memory_bytes_max{job="old",instance="c:80",area="nonheap"}': constant(-1.0),
        'hikaricp_connections{job="boot",instance="a:8080",pool="HikariPool-1"}': constant(10.0),
        'dotnet_process_memory_working_set_bytes{job="core",instance="b:80"}': grows(250, 90, seed=7),
        'dotnet_thread_pool_thread_count_total{job="core",instance="b:80"}': constant(12.0),
        'process_working_set_bytes{job="net",instance="d:80"}': grows(250, 90, seed=8),
        'process_private_memory_bytes{job="net",instance="d:80"}': grows(200, 90, seed=8),
        'dotnet_total_memory_bytes{job="net",instance="d:80"}': grows(100, 90, seed=8),
        'process_open_handles{job="net",instance="d:80"}': constant(150.0),
        'process_num_threads{job="net",instance="d:80"}': constant(20.0),
    }


def of_collections() -> dict[str, Points]:
    """JVMs whose old generation is seldom collected: two where nothing is left of what fills it, one where more is."""
    old = range(60, ROWS)  # before the first collection nobody knows, and a zero is told

    def told(level: float, by: float) -> Points:
        return [*constant(0.0, range(60)), *((TIMES[row], (level + by * (row // 60) / 12) * MIB) for row in old)]

    found: dict[str, Points] = {}
    for at, (instance, by) in enumerate((("tidy:8080", 0.0), ("holds:8080", 150.0))):
        labels = f'job="gc",instance="{instance}"'
        for generation in ("Young", "Old"):  # as of ZGC: both are told the whole limit
            pool = f'{labels},area="heap",id="ZGC {generation} Generation"'
            found[f"jvm_memory_used_bytes{{{pool}}}"] = grows(100, 200 if generation == "Old" else 0, seed=at)
            found[f"jvm_memory_max_bytes{{{pool}}}"] = constant(GIB)
        found[f"jvm_gc_live_data_size_bytes{{{labels}}}"] = told(90, by)
    labels = 'job="gc",instance="otel:8080",jvm_memory_type="heap",jvm_memory_pool_name="G1 {}"'
    for pool, level, by in (("Eden Space", 30, 0), ("Old Gen", 100, 200)):
        found[f"jvm_memory_used_bytes{{{labels.format(pool)}}}"] = grows(level, by, seed=7)
        after = constant(0.0) if level < 100 else told(80, 0)
        found[f"jvm_memory_used_after_last_gc_bytes{{{labels.format(pool)}}}"] = after
    found['process_resident_memory_bytes{job="gc",instance="otel:8080"}'] = grows(400, 205, seed=8)
    return found


def of_pools() -> dict[str, Points]:
    """Pools as HikariCP and OpenTelemetry tell of them: one that is waited for, one that fills, one that is used."""
    waits = [(at, 3.0 if row > ROWS - 40 else 0.0) for row, at in enumerate(TIMES)]
    busy = [(at, 10.0 if row > ROWS - 40 else 4.0) for row, at in enumerate(TIMES)]
    hikari = 'job="orders",instance="a:8080",pool="{}"'
    otel = 'job="billing",instance="b:80",db_client_connection_pool_name="main"'
    used, idle = (f'{otel},db_client_connection_state="{state}"' for state in ("used", "idle"))
    found: dict[str, Points] = {}
    for pool, active, pending in (("main", busy, waits), ("reports", constant(2.0), constant(0.0))):
        found |= {
            f"hikaricp_connections_active{{{hikari.format(pool)}}}": active,
            f"hikaricp_connections_pending{{{hikari.format(pool)}}}": pending,
            f"hikaricp_connections_max{{{hikari.format(pool)}}}": constant(10.0),
            f"hikaricp_connections{{{hikari.format(pool)}}}": constant(10.0),
        }
    taken = counts(2, 60)
    return found | {
        f"db_client_connection_count{{{used}}}": taken,
        f"db_client_connection_count{{{idle}}}": [(at, 80.0 - value) for at, value in taken],
        f"db_client_connection_max{{{otel}}}": constant(80.0),
        f"db_client_connection_pending_requests{{{otel}}}": constant(0.0),
    }


def of_others() -> dict[str, Points]:
    """OpenTelemetry's collector on Kubernetes, Ruby, Go's database/sql, JMX, RabbitMQ, an Envoy beside a service."""
    pod = 'job="otel",k8s_namespace_name="shop",k8s_pod_name="cart-7d9f8b6c5d-x2x4z",k8s_container_name="web"'
    broker, client = 'job="kafka",instance="k:7071"', 'job="goapp",instance="g:80"'
    taken, mq = counts(2, 60), 'job="mq",instance="mq:15692"'
    found = {
        f"container_memory_working_set_bytes{{{pod}}}": grows(100, 90),
        f"container_memory_rss_bytes{{{pod}}}": grows(90, 90),
        f"k8s_container_memory_limit_bytes{{{pod}}}": constant(512 * MIB),
        f"java_lang_Memory_HeapMemoryUsage_used{{{broker}}}": grows(100, 90),
        f"java_lang_Memory_HeapMemoryUsage_max{{{broker}}}": constant(GIB),
        f"go_memory_classes_heap_objects_bytes{{{client}}}": grows(40, 0),
        f'go_sql_in_use_connections{{{client},db_name="main"}}': taken,
        f'go_sql_open_connections{{{client},db_name="main"}}': taken,
        f'go_sql_max_open_connections{{{client},db_name="main"}}': constant(0.0),
        f"envoy_server_memory_allocated{{{client}}}": grows(20, 30),
        f"rabbitmq_process_resident_memory_bytes{{{mq}}}": grows(100, 90),
        f"rabbitmq_resident_memory_limit_bytes{{{mq}}}": constant(400 * MIB),
    }
    for pid in ("11", "12"):
        found[f'ruby_rss{{job="rails",instance="r:9394",type="web",pid="{pid}"}}'] = grows(100, 90, seed=int(pid))
    return found


def of_releases() -> dict[str, Points]:
    """A service whose release 2.0 tells its memory by another name, and leaks; one that tells it by both at once."""
    half, labels = ROWS // 2, 'job="renamed",instance="r:80",version="{}"'
    told = 'job="told",instance="t:80"'
    target = f'{told},k8s_namespace_name="shop",k8s_pod_name="told-7d9f8b6c5d-x2x4z",service_version="{{}}"'
    both = 'job="both",instance="r:80"'
    return {
        f"process_resident_memory_bytes{{{labels.format('1.0')}}}": grows(100, 0, rows=range(half)),
        f"process_memory_usage_bytes{{{labels.format('2.0')}}}": grows(20, 180, rows=range(half, ROWS)),
        f"process_memory_usage_bytes{{{told}}}": [
            *grows(100, 0, rows=range(half)),
            *grows(40, 120, rows=range(half, ROWS)),
        ],
        **{
            f'myapp_build_info{{job="own",instance="o:80",version="{build}"}}': constant(1.0, rows)
            for build, rows in (("5.0", range(half)), ("6.0", range(half, ROWS)))
        },
        'process_resident_memory_bytes{job="own",instance="o:80"}': [
            *grows(100, 0, rows=range(half)),
            *grows(40, 120, rows=range(half, ROWS)),
        ],
        f"target_info{{{target.format('3.0')}}}": constant(1.0, range(half)),
        f"target_info{{{target.format('4.0')}}}": constant(1.0, range(half, ROWS)),
        f"process_resident_memory_bytes{{{both}}}": grows(100, 0),
        f"process_memory_usage_bytes{{{both}}}": grows(300, 100),
    }


def of_no_limit() -> dict[str, Points]:
    """A container without a limit, as control groups of version 1 say it; one whose limit is told elsewhere."""
    found: dict[str, Points] = {}
    for name, limit in (("free-0", None), ("told-0", 512 * MIB)):
        labels = f'namespace="limits",pod="{name}",container="web"'
        found[f"container_memory_working_set_bytes{{{labels}}}"] = grows(100, 90)
        found[f"container_spec_memory_limit_bytes{{{labels}}}"] = constant(9223372036854771712.0)
        if limit is not None:
            found[f'kube_pod_container_resource_limits{{{labels},resource="memory"}}'] = constant(limit)
    return found


def of_clusters() -> dict[str, Points]:
    """One name in two clusters, as OpenTelemetry tells clusters."""
    twin = 'namespace="twins",pod="db-0",container="db",k8s_cluster_name="{}"'
    return {
        f"container_memory_working_set_bytes{{{twin.format(cluster)}}}": grows(100, by)
        for cluster, by in (("eu", 0.0), ("us", 90.0))
    }


def of_machines() -> dict[str, Points]:
    """A machine and a database, told of by exporters which have a memory of their own."""
    left = [(at, 8 * GIB - used) for at, used in grows(2000, 1500)]
    return {
        'node_memory_MemAvailable_bytes{job="node",instance="host1:9100"}': left,
        'node_memory_MemTotal_bytes{job="node",instance="host1:9100"}': constant(8 * GIB),
        'node_memory_MemFree_bytes{job="node",instance="host1:9100"}': grows(300, -200),
        'node_boot_time_seconds{job="node",instance="host1:9100"}': constant(TIMES[0] - 1e6),
        'process_resident_memory_bytes{job="node",instance="host1:9100"}': grows(20, 0),
        'process_start_time_seconds{job="node",instance="host1:9100"}': constant(TIMES[ROWS // 2]),
        'redis_memory_used_bytes{job="redis",instance="host1:9121"}': grows(100, 90),
        'redis_memory_used_rss_bytes{job="redis",instance="host1:9121"}': grows(120, 90),
        'redis_connected_clients{job="redis",instance="host1:9121"}': constant(12.0),
        'process_resident_memory_bytes{job="redis",instance="host1:9121"}': grows(20, 0),
        'process_resident_memory_bytes{job="pushgateway",instance="pg:9091",exported_job="nightly",exported_instance="x"}':
            grows(100, 90),
        'process_resident_memory_bytes{job="pushgateway",instance="pg:9091"}': grows(30, 0),
    }  # fmt: skip


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("exporters")
    with serving_prometheus(
        folder,
        filled(
            folder,
            of_kubernetes()
            | of_engines()
            | of_runtimes()
            | of_machines()
            | of_pools()
            | of_collections()
            | of_others()
            | of_releases()
            | of_clusters()
            | of_no_limit(),
        ),
    ) as at:
        yield at


@pytest.fixture(scope="module")
def found(url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return scanned(url)


def scanned(url: str) -> dict[str, dict[str, Any]]:
    """Judge everything; verdicts by the names of subjects."""
    import contextlib
    import io

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        main(["scan", "--prometheus", url, "--since", f"{HOURS}h", "--until", str(END), "--json"])
    told = json.loads(out.getvalue())
    assert not told["skipped"]
    return {each["subject"]["name"]: each for each in told["diagnoses"]}


def metrics(diagnosis: dict[str, Any], decision: str) -> set[str]:
    return {each["metric"] for each in diagnosis["findings"] if each["decision"] == decision}


LEAKING = {
    "shop/api/web": {"working_set_bytes"},
    "host1:8080/shop-web-1": {"working_set_bytes"},
    "pay/till/till": {"working_set_bytes"},
    "boot/a:8080": {"heap_bytes", "open_fds"},
    "shop/otel/7": {"heap_bytes"},
    "old/c:80": {"heap_bytes"},
    "core/b:80": {"heap_bytes", "rss_bytes"},
    "net/d:80": {"heap_bytes", "rss_bytes"},
    "node/host1:9100/machine": {"working_set_bytes"},
    "redis/host1:9121/redis": {"heap_bytes", "rss_bytes"},
    "nightly/x": {"rss_bytes"},
    "shop/cart/web": {"working_set_bytes"},
    "rails/r:9394": {"rss_bytes"},
    "goapp/g:80/envoy": {"heap_bytes"},
    "goapp/g:80": {"connections"},
    "kafka/k:7071": {"heap_bytes"},
    "mq/mq:15692": {"rss_bytes"},
    "renamed/r:80": {"rss_bytes"},
    "told/t:80": {"rss_bytes"},
    "own/o:80": {"rss_bytes"},
    "limits/free/web": {"working_set_bytes"},
    "limits/told/web": {"working_set_bytes"},
    "us/twins/db/db": {"working_set_bytes"},
    "gc/holds:8080": {"heap_bytes", "heap_after_gc_bytes"},
}
LEFT_OPEN = {"gc/tidy:8080": {"heap_bytes"}, "gc/otel:8080": {"heap_bytes", "rss_bytes"}}
OF_POOLS = {"orders/a:8080", "billing/b:80"}
SOUND = {
    "both/r:80",
    "eu/twins/db/db",
    "monitoring/ksm/ksm",
    "node/host1:9100",
    "redis/host1:9121",
    "pushgateway/pg:9091",
}


def test_every_exporter_tells_of_what_it_is_meant_to(found: dict[str, dict[str, Any]]) -> None:
    assert set(found) == LEAKING.keys() | SOUND | OF_POOLS | LEFT_OPEN.keys()


@pytest.mark.parametrize("name", list(LEAKING))
def test_what_grows_is_found_under_its_column(name: str, found: dict[str, dict[str, Any]]) -> None:
    assert found[name]["decision"] == "leaking"
    assert metrics(found[name], "leaking") == LEAKING[name]


@pytest.mark.parametrize("name", sorted(SOUND))
def test_exporters_themselves_are_not_taken_for_what_they_tell_of(name: str, found: dict[str, dict[str, Any]]) -> None:
    assert found[name]["decision"] == "stable"
    assert not metrics(found[name], "leaking")


def test_the_answer_is_the_same_by_queries(
    url: str, found: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leakdoc.sampling.sources.prometheus.fleet.is_offered", lambda prometheus: False)
    by_queries = scanned(url)
    assert {name: each["decision"] for name, each in by_queries.items()} == {
        name: each["decision"] for name, each in found.items()
    }
    assert all(metrics(by_queries[name], "leaking") == expected for name, expected in LEAKING.items())


@pytest.mark.parametrize(
    ("name", "metric", "left_mib", "rate_mib"),
    [
        ("shop/api/web", "working_set_bytes", 512 - 350, 150 / HOURS),
        ("host1:8080/shop-web-1", "working_set_bytes", 256 - 190, 90 / HOURS),
        ("node/host1:9100/machine", "working_set_bytes", 8192 - 3500, 1500 / HOURS),
        ("boot/a:8080", "heap_bytes", 1024 - 264, 120 / HOURS),
        ("shop/otel/7", "heap_bytes", 1024 - 264, 120 / HOURS),
        ("old/c:80", "heap_bytes", 512 - 190, 90 / HOURS),
        ("shop/cart/web", "working_set_bytes", 512 - 190, 90 / HOURS),
        ("limits/told/web", "working_set_bytes", 512 - 190, 90 / HOURS),
        ("kafka/k:7071", "heap_bytes", 1024 - 190, 90 / HOURS),
        ("mq/mq:15692", "rss_bytes", 400 - 190, 90 / HOURS),
        ("gc/holds:8080", "heap_bytes", 1024 - 400, 200 / HOURS),
    ],
)
def test_the_limit_is_that_of_what_grows(
    name: str, metric: str, left_mib: float, rate_mib: float, found: dict[str, dict[str, Any]]
) -> None:
    (growth,) = (each for each in found[name]["findings"] if each["metric"] == metric)
    assert growth["time_to_limit_s"] == pytest.approx(3600.0 * left_mib / rate_mib, rel=0.1)


def test_no_limit_is_none(found: dict[str, dict[str, Any]]) -> None:
    (growth,) = found["limits/free/web"]["findings"]
    assert (growth["time_to_limit_s"], growth["evidence"]["limit"]) == (None, None)


@pytest.mark.parametrize("name", list(LEFT_OPEN))
def test_garbage_that_waits_to_be_collected_is_no_leak(name: str, found: dict[str, dict[str, Any]]) -> None:
    assert found[name]["decision"] == "inconclusive"
    open_ = {each["metric"]: each for each in found[name]["findings"] if each["decision"] == "inconclusive"}
    assert open_.keys() == LEFT_OPEN[name]
    assert all("collections leave" in each["reason"] for each in open_.values())


def test_a_pool_that_is_waited_for_is_exhausted(found: dict[str, dict[str, Any]]) -> None:
    assert found["orders/a:8080"]["decision"] == "exhausted"
    (pool,) = (each for each in found["orders/a:8080"]["findings"] if each["detector"] == "pool_exhausted")
    assert [pool["evidence"][name] for name in ("pool", "in_use", "size", "waiting")] == ["main", 10.0, 10.0, 3.0]


def test_a_pool_that_is_not_all_given_back_leaks(found: dict[str, dict[str, Any]]) -> None:
    assert found["billing/b:80"]["decision"] == "leaking"
    (pool,) = (each for each in found["billing/b:80"]["findings"] if each["detector"] == "pool_exhausted")
    assert pool["time_to_limit_s"] == pytest.approx((80 - 62) / 60 * HOURS * 3600, rel=0.2)


def test_a_build_is_told_though_a_second_page_does_not_name_it(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["scan", "--prometheus", url, "--since", f"{HOURS}h", "--until", str(END), "--json"]
    assert main([*words, "--match", 'namespace="shop"', "--new-since", "api:1.1"]) in (0, 1)
    assert not json.loads(capsys.readouterr().out)["notes"]


def test_a_build_is_told_beside_the_metrics_of_opentelemetry(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["scan", "--prometheus", url, "--since", f"{HOURS}h", "--until", str(END), "--json"]
    words += ["--metric", "myapp_build_info=build"]
    for build, found in (("3.0", []), ("4.0", ["told/t:80"]), ("5.0", []), ("6.0", ["own/o:80"])):
        main([*words, "--match", 'job=~"told|own"', "--new-since", build])
        answer = json.loads(capsys.readouterr().out)
        assert ([each["subject"]["name"] for each in answer["diagnoses"]], answer["notes"]) == (found, [])


def test_what_a_release_calls_otherwise_is_known_again(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["scan", "--prometheus", url, "--since", f"{HOURS}h", "--until", str(END), "--json"]
    assert main([*words, "--match", 'job="renamed"', "--new-since", "2.0"]) == 1
    (told,) = json.loads(capsys.readouterr().out)["diagnoses"]
    assert told["findings"][0]["slope_per_hour"]["estimate"] == pytest.approx(180 * MIB / HOURS, rel=0.1)


@pytest.mark.parametrize(
    "name", ["us/twins/db/db", "node", "node/host1:9100/machine", "host1:8080/shop-web-1", "shop/api/web", "nightly"]
)
def test_each_is_called_as_a_scan_calls_it(name: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    middle = str((TIMES[0] + END) / 2.0)
    words = ["--prometheus", url, "--since", f"{HOURS}h", "--until", str(END), "--rollout-at", middle, "--json"]
    main(["verify", "--workload", name, *words])
    assert json.loads(capsys.readouterr().out)["after"]["subject"]["name"] in (name, "node/host1:9100", "nightly/x")
