"""How long teacher and student take for one text, measured on this computer.

Reads: a finished run's models. Writes: nothing.
"""

from collections.abc import Sequence

from streamlit.delta_generator import DeltaGenerator

from distil_core.reporting import formatting
from distil_core.runs.families import FinishedRun
from pages.state import model_answers

MEASURING = "Measuring how long both take for this very sentence…"


def show(
    outcome: FinishedRun,
    text: str,
    slots: Sequence[DeltaGenerator],
    note: DeltaGenerator,
) -> None:
    """Show how long each model takes for this very sentence, and how that was measured.

    Args:
        outcome: The run.
        text: The sentence.
        slots: Where the times of teacher and student go.
        note: Where it is said how they were measured.
    """
    # Whatever is drawn meanwhile lets somebody who types on interrupt it.
    timing, busy = model_answers.timing(outcome, text, between=lambda: note.caption(MEASURING))
    for slot, latency in zip(slots, (timing.teacher, timing.student), strict=True):
        median, spread = formatting.latency(latency)
        slot.markdown(f"**{median}** :small[:gray[{spread}]]")
    plural = "s" * (timing.n_threads != 1)
    note.caption(
        f"Time for this very sentence ({timing.n_tokens} tokens), on this computer with {timing.n_threads} "
        f"thread{plural}: median and 5th to 95th percentile of {timing.n} passes each, in turn."
        + (" **A run is being computed beside it: the times suffer from that.**" if busy else "")
    )
