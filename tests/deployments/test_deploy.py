from pathlib import Path
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import PrefectHTTPStatusError

from deployments.deploy import apply_deployments, read_deployments
from schemas.problems import UpError
from tests.deployments.desk import TOY_YAML


def test_the_form_is_stored_in_the_words_and_order_of_the_model(toy_deployments: dict[str, UUID]) -> None:
    with get_client(sync_client=True) as client:
        stored = client.read_deployment(toy_deployments["toy"])
    schema = stored.parameter_openapi_schema or {}
    assert schema["required"] == ["申报单"]
    assert schema["properties"]["申报单"]["$ref"] == "#/definitions/ToyRequest"
    fields = schema["definitions"]["ToyRequest"]["properties"]
    assert {name: field["position"] for name, field in fields.items()} == {"办事处": 0, "等到": 1}
    assert stored.enforce_parameter_schema
    assert (stored.entrypoint, stored.path, stored.pull_steps) == ("tests.deployments.toy.toy_case", ".", [])
    assert (stored.description, stored.tags, stored.work_pool_name) == ("玩具 toy", ["流程:玩具"], "aftersales")
    schedule = stored.schedules[0]
    assert isinstance(schedule.schedule, CronSchedule)
    assert (schedule.schedule.cron, schedule.schedule.timezone) == ("0 9 * * *", "Asia/Shanghai")
    assert not schedule.active


def test_a_form_with_a_missing_field_is_refused_by_the_server(toy_deployments: dict[str, UUID]) -> None:
    with get_client(sync_client=True) as client, pytest.raises(PrefectHTTPStatusError, match="办事处"):
        client.create_flow_run_from_deployment(toy_deployments["toy"], parameters={"申报单": {}})


def test_applying_again_changes_nothing(toy_deployments: dict[str, UUID]) -> None:
    assert apply_deployments(TOY_YAML) == toy_deployments
    with get_client(sync_client=True) as client:
        assert len(client.read_deployment(toy_deployments["toy"]).schedules) == 1
        assert client.read_work_pool("aftersales").type == "aftersales"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("deployments: [{name: x}]", "entrypoint"),
        ("deployments: [{name: x, entrypoint: 'flows/x.py:x'}]", "entrypoint"),
        ("deployments: [{name: x, entrypoint: a.b, schedule: {}}]", "schedule"),
        ("deployments: [", "YAML"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "prefect.yaml"
    path.write_text(text)
    with pytest.raises(UpError, match=says) as raised:
        read_deployments(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(UpError, match="cannot read"):
        read_deployments(tmp_path / "prefect.yaml")
