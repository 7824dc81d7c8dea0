"""What distillation is, and when it pays: a sentence, a picture, and the two runs that ship with the app.

Reads: the runs that ship with the app. Writes: the run in use, where one of them is chosen.
"""

import streamlit as st

from distil_core.analysis import contrasts
from distil_core.reporting import glossary, narrative
from distil_core.reporting.figures import theme
from distil_core.runs.families import Family
from distil_core.runs.sources import EXAMPLE, FEW_LABELS
from pages.state import resources, run_in_use

_GREY = "#595F69"
_PICTURE = f"""
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 560 96" width="560" height="96" font-family="sans-serif"
 font-size="19" fill="white" text-anchor="middle">
 <path d="M100 48h26m-8-6 8 6-8 6M244 48h26m-8-6 8 6-8 6M406 48h26m-8-6 8 6-8 6" fill="none" stroke="#808080"
  stroke-width="2"/>
 <rect x="0" y="26" width="94" height="44" rx="6" fill="{_GREY}"/><text x="47" y="54">any text</text>
 <rect x="132" y="2" width="106" height="92" rx="8" fill="{theme.TEACHER}"/><text x="185" y="54">teacher</text>
 <rect x="276" y="10" width="124" height="76" rx="6" fill="{_GREY}"/><text x="338" y="33">soft labels</text>
 <rect x="286" y="42" width="96" height="8"/><rect x="286" y="56" width="44" height="8"/>
 <rect x="286" y="70" width="16" height="8"/>
 <rect x="438" y="26" width="86" height="44" rx="8" fill="{theme.STUDENT}"/><text x="481" y="54">student</text>
</svg>
"""
"""Its colors are seen on light and dark alike, as an image does not know on which of them it stands."""


def show(run_id: str | None) -> None:
    """Show it while the run in use is one of those that ship with the app, as it is on a first visit."""
    if run_id not in (EXAMPLE, FEW_LABELS):
        return
    families = [family for name in (FEW_LABELS, EXAMPLE) if (family := resources.family(name)) is not None]
    with st.container(border=True, key="distil.introduction"):
        left, right = st.columns(2, gap="medium")
        with left:
            st.markdown(
                "**Knowledge distillation**: a large model, the *teacher*, says of every text how sure it is of each "
                "label. A small one, the *student*, learns to say the same."
            )
            st.image(_PICTURE, alt="A text goes to the teacher, its soft labels go to the student, which learns them")
            st.markdown("It pays where labels are scarce: the same student, **with and without a teacher**.")
        side_by_side = right.container(horizontal=True, gap="small", wrap=False)  # on a phone, too
        for family in families:
            with side_by_side.container(border=True, height="stretch", gap="xsmall"):
                _pays(family, in_use=run_id == family.distilled.run)


def _pays(family: Family, *, in_use: bool) -> None:
    """Show what the teacher was worth to one run."""
    verdict = contrasts.verdict_of(family, resources.sample)
    card = narrative.runs.label_card(family.distilled.record.config, verdict)
    st.metric(card.label, card.value, help=glossary.explain(card.label))
    st.caption("  \n".join(card.details))
    st.button(
        "Shown below" if in_use else "Show this run",
        key=f"distil.introduction.{family.distilled.run}",
        disabled=in_use,
        type="tertiary",
        icon=":material/arrow_downward:",
        on_click=run_in_use.choose,
        args=(family.distilled.run,),
    )
