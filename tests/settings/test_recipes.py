"""Recipes: what quick chooses, what may not be chosen beside it, and how often a small corpus is passed over."""

from dataclasses import replace

import pytest

from distil_core.errors import ConfigError
from distil_core.settings import recipes
from distil_core.settings.canonical import canonical
from distil_core.settings.config import (
    Init,
    Method,
    Recipe,
    RunConfig,
    StudentConfig,
    TeacherConfig,
    TrainingConfig,
)
from distil_core.settings.identity import fingerprint

QUICK = RunConfig(training=TrainingConfig(recipe=Recipe.QUICK))


def name(config: RunConfig) -> str:
    return fingerprint(canonical(config), corpus_digest="c", teacher_digest="t")


class TestStudent:
    def test_the_thorough_recipe_does_what_the_settings_say(self) -> None:
        training = TrainingConfig(epochs=7, learning_rate=1e-5, frozen=2)
        config = RunConfig(training=training)
        assert recipes.student_schedule(config, depth=3, n_examples=10) is training

    @pytest.mark.parametrize(("depth", "frozen"), [(1, 1), (2, 1), (3, 2), (6, 3)])
    def test_the_quick_one_freezes_a_third(self, depth: int, frozen: int) -> None:
        schedule = recipes.student_schedule(QUICK, depth=depth, n_examples=100_000)
        assert (schedule.frozen, schedule.epochs) == (frozen, 2)
        assert schedule.batch_size == QUICK.training.batch_size

    def test_few_texts_are_passed_over_more_often(self) -> None:
        epochs = [recipes.student_schedule(QUICK, depth=3, n_examples=n).epochs for n in (10_000, 1_000, 100)]
        assert epochs == sorted(epochs)
        assert epochs[1] * 1_000 >= 100 * QUICK.training.batch_size  # a hundred steps at least
        assert epochs[2] == recipes.student_schedule(QUICK, depth=3, n_examples=1).epochs  # but not for ever

    def test_no_student_passes_over_its_texts_less_often(self) -> None:
        assert recipes.fewest_epochs(QUICK.training) == 2
        assert recipes.fewest_epochs(TrainingConfig(epochs=7)) == 7

    def test_a_student_that_is_not_trained_stays_so(self) -> None:
        config = canonical(replace(QUICK, method=Method.LAYER_CUT))
        assert recipes.student_schedule(config, depth=3, n_examples=10).epochs == 0


class TestTeacher:
    def test_steps_are_counted_and_not_epochs(self) -> None:
        for recipe in Recipe:
            epochs = [recipes.teacher_epochs(TeacherConfig(), recipe, n_examples=n) for n in (20_000, 1_500, 300)]
            assert epochs == sorted(epochs)
            assert epochs[0] < epochs[2]

    def test_a_task_may_take_more_steps(self) -> None:
        more = recipes.FineTuning(n_steps=400)
        epochs = [recipes.teacher_epochs(TeacherConfig(), each, n_examples=4_000, tuning=more) for each in Recipe]
        assert epochs == [4, 4]
        assert recipes.teacher_epochs(TeacherConfig(epochs=1), Recipe.QUICK, n_examples=4_000, tuning=more) == 1
        assert (
            recipes.teacher_epochs(TeacherConfig(), Recipe.QUICK, n_examples=4_000, tuning=replace(more, batch_size=16))
            == 2
        )

    @pytest.mark.parametrize(
        ("recipe", "width", "share"),
        [
            (Recipe.THOROUGH, 384, 0.1),
            (Recipe.THOROUGH, 128, 0.0),
            (Recipe.QUICK, 384, 0.0),
        ],
    )
    def test_dropout_is_for_those_who_can_learn_by_heart(self, recipe: Recipe, width: int, share: float) -> None:
        tuning = recipes.usual_tuning(recipe, width=width)
        schedule = recipes.teacher_schedule(TeacherConfig(), recipe, n_layers=6, n_examples=50, tuning=tuning)
        assert tuning.dropout == schedule.dropout == share

    def test_a_rate_that_somebody_chooses_comes_before_that_of_the_task(self) -> None:
        tuning = recipes.FineTuning(learning_rate=7e-4)
        for recipe in Recipe:
            rates = [
                recipes.teacher_schedule(config, recipe, n_layers=6, n_examples=50, tuning=tuning).learning_rate
                for config in (TeacherConfig(), TeacherConfig(learning_rate=2e-5))
            ]
            assert rates == [7e-4, 2e-5]

    def test_what_somebody_wants_is_done(self) -> None:
        wanted = TeacherConfig(epochs=1, learning_rate=2e-5)
        for recipe in Recipe:
            schedule = recipes.teacher_schedule(wanted, recipe, n_layers=6, n_examples=50)
            assert (schedule.epochs, schedule.learning_rate) == (1, 2e-5)

    def test_the_quick_one_freezes_a_third(self) -> None:
        frozen = [recipes.teacher_schedule(TeacherConfig(), each, n_layers=6, n_examples=50).frozen for each in Recipe]
        assert frozen == [0, 3]


class TestSettings:
    @pytest.mark.parametrize("setting", recipes.DECIDED)
    def test_what_a_recipe_chooses_cannot_be_chosen_beside_it(self, setting: str) -> None:
        chosen = replace(QUICK, training=replace(QUICK.training, **{setting: 1}))
        with pytest.raises(ConfigError, match=rf"training\.{setting} must be left as it is when training\.recipe is"):
            canonical(chosen)

    def test_random_layers_cannot_be_frozen(self) -> None:
        with pytest.raises(ConfigError, match=r"recipe must be thorough when student\.init is random"):
            canonical(replace(QUICK, student=StudentConfig(init=Init.RANDOM)))

    def test_it_is_another_run_and_the_usual_one_keeps_its_name(self) -> None:
        thorough = replace(QUICK, training=TrainingConfig(recipe=Recipe.THOROUGH))
        assert name(thorough) == name(RunConfig())
        assert name(QUICK) != name(RunConfig())
