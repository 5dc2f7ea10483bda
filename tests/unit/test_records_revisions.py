"""What a revision, a folder of code and a place are called, where a record spells them in several ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from leakdoc.playbook.records.mentions import Mention
from leakdoc.playbook.records.naming import revisions_in
from leakdoc.playbook.records.prompting import paths_gone_to, prompted_paths, prompted_values
from leakdoc.playbook.records.twins import without_parts
from tests.records_scenes import did, incident_of, person, said


@pytest.mark.parametrize(
    ("names", "kept"),
    [
        (["20260411.1873", "build-20260411.1873"], ["build-20260411.1873"]),
        (["1.7.2", "feedd-1.7.2.jar"], ["1.7.2"]),
        (["5.1.7", "5.1.7-1.x86_64"], ["5.1.7"]),
        (["88", "mailer:88"], ["88"]),
        (["1.2.3", "1.2.4"], ["1.2.3", "1.2.4"]),
    ],
)
def test_a_revision_in_two_lengths_is_one(names: list[str], kept: list[str]) -> None:
    mentions = [Mention("stable_revision", "revision", name) for name in names]
    assert [each.value for each in without_parts(mentions, [])] == kept


def test_a_commit_that_stands_alone_is_a_revision_and_a_container_is_none() -> None:
    assert revisions_in("b6607d5\n3f2a91bc77d0\n1234567\ndeadbeef live") == {"b6607d5"}


def test_an_address_is_no_version() -> None:
    assert revisions_in("app-1 10.233.71.204 node-7 1.2.3") == {"1.2.3"}


def test_a_request_names_hosts_by_their_addresses_and_a_cluster_by_its_arn() -> None:
    arn = "arn:aws:eks:eu-west-1:111122223333:cluster/shop-prod"
    values = prompted_values(f"orders.service on 10.40.3.17, 2001:db8:40::17 and i-0abc1234def567890 cluster={arn}")
    assert values["10.40.3.17"] == values["2001:db8:40::17"] == values["i-0abc1234def567890"] == "host"
    assert values[arn] == "context" and "arn" not in values


def test_the_folder_that_was_gone_to_is_the_code_and_an_address_of_a_repository_is_none() -> None:
    prompt = "Repo github.com/acme/shop, checkout in ~/go/src/github.com/acme/shop."
    assert prompted_paths(prompt) == []
    assert paths_gone_to(prompt, ["~/go/src/github.com/acme/shop/internal/x.go"]) == ["~/go/src/github.com/acme/shop"]


def test_brokers_topics_and_contexts_are_parameters(tmp_path: Path) -> None:
    lines = [
        *person("push-notifier leaks memory. Source is src/push. Summary to #push."),
        *did("docker --context fra-prod service ps push-notifier", "push-notifier.1 running OOM killed"),
        *did("kafka-topics.sh --bootstrap-server kafka-a1.acme.example:9094 --describe --topic user.push.v2", "ok"),
        *did("ssh root@2001:db8:40::17 'grep VmRSS /proc/9913/status'", "VmRSS: 398120 kB"),
        *said("It leaks."),
    ]
    found = {each.name: each.value for each in incident_of(tmp_path, lines).entities}
    assert found["context"] == "fra-prod" and found["queue"] == "user.push.v2"
    assert found["broker"] == "kafka-a1.acme.example" and found["broker_port"] == "9094"
    assert found["host"] == "2001:db8:40::17"
