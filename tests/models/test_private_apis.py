"""What torch and transformers may take away is still there; the message says what to do when it is not."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from packaging.requirements import Requirement

from distil_core.models import private_apis
from tests import tiny

USES: list[tuple[Any, str, str, Any]] = [
    (torch, "_foreach_copy_", "copy_all", torch),
    (transformers.PretrainedConfig, "_attn_implementation", "attention_implementation", transformers),
]


@pytest.mark.parametrize(("owner", "name", "function", "library"), USES, ids=[use[1] for use in USES])
def test_private_names_are_still_there(owner: Any, name: str, function: str, library: Any) -> None:
    assert hasattr(owner, name), (
        f"{library.__name__} {library.__version__} has no {name} any more: find another way for {function} in "
        "distil_core/models/private_apis.py, or ask for an older version in pyproject.toml"
    )


def test_other_versions_of_transformers_than_those_that_were_tried_are_not_installed() -> None:
    declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (wanted,) = (line for line in map(Requirement, declared["dependencies"]) if line.name == "transformers")
    assert transformers.__version__ in wanted.specifier
    assert list(wanted.specifier.filter(["4.57.0", "5.0.0", "6.0.0"])) == []


def test_copies_keep_the_dtype_of_their_targets() -> None:
    targets, sources = [torch.zeros(3), torch.zeros(2)], [torch.ones(3, dtype=torch.bfloat16), torch.ones(2)]
    private_apis.copy_all(targets, sources)
    assert [target.tolist() for target in targets] == [[1.0] * 3, [1.0] * 2]
    assert targets[0].dtype == torch.float32


def test_attention_function_is_found_by_the_name_that_was_set() -> None:
    calls: list[str] = []

    def attend(module: Any, query: torch.Tensor, *_: Any, **__: Any) -> tuple[torch.Tensor, None]:
        calls.append(type(module).__name__)
        return query.transpose(1, 2), None

    transformers.AttentionInterface.register("private_apis_test", attend)
    model = tiny.model()
    assert private_apis.attention_implementation(model.config) == "eager"
    private_apis.set_attention_implementation(model.config, "private_apis_test")
    assert private_apis.attention_implementation(model.config) == "private_apis_test"
    model(input_ids=torch.tensor([[1, 5, 2]]))
    assert len(calls) == model.config.num_hidden_layers
