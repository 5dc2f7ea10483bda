"""What a person wrote beside a playbook's data stays where it was, and what only looks like a comment is none."""

from __future__ import annotations

from leakdoc.playbook.records.comments import comments_of, with_comments
from leakdoc.playbook.records.writing import as_yaml
from leakdoc.playbook.yaml_reading import read_yaml

WRITTEN = """\
# Kept by the database team.
apiVersion: leakdoc/v1
kind: Playbook
metadata: {name: x, version: 1.0.0}
params:
  service: {type: service}  # as the deployment is called
  # only for us
  channel: {type: slack_channel, default: "#db # alerts"}
steps:
  - id: sample
    uses: leakdoc.sample_memory
    # ten minutes were too short in March
    with: {target: "1"}
  # never leave this out
  - {id: summary, uses: leakdoc.post_summary, with: {channel: "#not # one"}}
advice:
  - |
    first
    # no comment, text
# the end
"""


def test_comments_stay_with_what_they_belong_to() -> None:
    comments = comments_of(WRITTEN)
    assert [each.text for each in comments] == [
        "# Kept by the database team.",
        "# as the deployment is called",
        "# only for us",
        "# ten minutes were too short in March",
        "# never leave this out",
        "# the end",
    ]
    data = read_yaml(WRITTEN).data
    text = with_comments(as_yaml(data), comments)
    assert read_yaml(text).data == data
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "# Kept by the database team." and lines[-1] == "# the end"
    assert lines[lines.index("# never leave this out") + 1].startswith("- {id: summary")
    assert lines[lines.index("# only for us") + 1].startswith("params:")  # they fit one line now
    assert lines[lines.index("# ten minutes were too short in March") + 1].startswith("- {id: sample")


def test_a_second_writing_changes_nothing() -> None:
    once = with_comments(as_yaml(read_yaml(WRITTEN).data), comments_of(WRITTEN))
    twice = with_comments(as_yaml(read_yaml(once).data), [*comments_of(once), *comments_of(once)])
    assert twice == once


def test_a_comment_of_what_is_gone_stands_above_the_nearest_that_is_left() -> None:
    data = read_yaml(WRITTEN).data
    data["steps"] = data["steps"][1:]
    text = with_comments(as_yaml(data), comments_of(WRITTEN))
    assert read_yaml(text).data == data
    assert text.count("# ten minutes were too short in March") == 1


def test_a_secret_in_a_comment_does_not_come_along() -> None:
    assert "hunter22" not in comments_of("# password: hunter22x\na: 1\n")[0].text
