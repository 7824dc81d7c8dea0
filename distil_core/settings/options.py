"""What the settings of a run are called in a shell."""

from distil_core.settings.config import CorpusConfig, LossConfig, StudentConfig, TeacherConfig, TrainingConfig

SECTION_NAMES: dict[type, str] = {
    CorpusConfig: "corpus",
    TeacherConfig: "teacher",
    StudentConfig: "student",
    LossConfig: "loss",
    TrainingConfig: "training",
}
_RENAMED = {
    (CorpusConfig, "source"): "corpus",
    (CorpusConfig, "seed"): "corpus-seed",
    (TeacherConfig, "source"): "teacher",
    (TeacherConfig, "epochs"): "teacher-epochs",
    (TeacherConfig, "learning_rate"): "teacher-learning-rate",
}


def option_name(section: type, setting: str) -> str:
    """Return what a setting of a section is called behind two dashes."""
    return _RENAMED.get((section, setting), setting.replace("_", "-"))
