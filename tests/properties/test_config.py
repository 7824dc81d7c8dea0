"""Laws of settings: they survive JSON, and every map of layers is a choice of the teacher's in their order."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from distil_core.settings.canonical import canonical, validate
from distil_core.settings.config import LayerMap, LossConfig, Method, RunConfig, StudentConfig
from distil_core.settings.identity import fingerprint
from distil_core.settings.layer_maps import layer_indices
from distil_core.settings.serialization import from_json, to_json

maps = st.sampled_from([layer_map for layer_map in LayerMap if layer_map is not LayerMap.EXPLICIT])


@given(n_layers=st.integers(1, 48), depth=st.integers(1, 48), layer_map=maps, width=st.sampled_from([None, 64, 384]))
def test_a_map_picks_as_many_layers_as_asked_for(
    n_layers: int, depth: int, layer_map: LayerMap, width: int | None
) -> None:
    depth = min(depth, n_layers)
    layers = layer_indices(StudentConfig(depth=depth, layer_map=layer_map), n_layers, width=width)
    assert len(layers) == depth
    assert list(layers) == sorted(set(layers))
    assert 0 <= layers[0] <= layers[-1] < n_layers


@given(n_layers=st.integers(2, 48), depth=st.integers(2, 48))
def test_even_and_alternate_keep_both_ends(n_layers: int, depth: int) -> None:
    for layer_map in (LayerMap.EVEN, LayerMap.ALTERNATE):
        layers = layer_indices(StudentConfig(depth=min(depth, n_layers), layer_map=layer_map), n_layers)
        assert (layers[0], layers[-1]) == (0, n_layers - 1)


@given(temperature=st.floats(0.1, 20.0), alpha=st.floats(0.0, 1.0), method=st.sampled_from(Method))
def test_a_config_survives_json(temperature: float, alpha: float, method: Method) -> None:
    config = validate(RunConfig(method=method, loss=LossConfig(temperature=temperature, alpha=alpha)))
    again = from_json(RunConfig, json.loads(json.dumps(to_json(config))))
    assert again == config
    names = {"corpus_digest": "c", "teacher_digest": "t"}
    assert fingerprint(canonical(again), **names) == fingerprint(canonical(config), **names)


@given(temperature=st.floats(0.1, 20.0), method=st.sampled_from([each for each in Method if not each.asks_teacher]))
def test_all_temperatures_share_the_twins_that_ask_no_teacher(temperature: float, method: Method) -> None:
    config = RunConfig(method=method)
    hot = replace(config, loss=LossConfig(temperature=temperature))
    names = {"corpus_digest": "c", "teacher_digest": "t"}
    assert fingerprint(canonical(hot), **names) == fingerprint(canonical(config), **names)
