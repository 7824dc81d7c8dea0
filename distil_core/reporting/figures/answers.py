"""Where models see an answer in a context: how probable each word is as its start and as its end."""

from distil_core.analysis.answer_spans import AnswerReading
from distil_core.reporting.figures.theme import ABOVE, STUDENT, TEACHER, Figure, empty, plain


def start_and_end(reading: AnswerReading, *, height: int = 280) -> Figure:
    """Draw the probabilities of start and end over the words: those of the end below the axis, upside down."""
    figure = empty(height=height, x="Word of the context", y="End (%) · start (%)")
    places = list(range(1, len(reading.words) + 1))
    for name, answer, color, dash in (
        ("Teacher", reading.teacher, TEACHER, "dash"),
        ("Student", reading.student, STUDENT, "solid"),
    ):
        for side, shares, sign in (("start", answer.starts, 1), ("end", answer.ends, -1)):
            figure.add_scatter(
                x=places,
                y=[sign * 100 * share for share in shares],
                customdata=[[plain(word), 100 * share] for word, share in zip(reading.words, shares, strict=True)],
                name=name,
                legendgroup=name,
                showlegend=side == "start",
                mode="lines+markers",
                marker={"size": 4},
                line={"color": color, "dash": dash, "width": 2, "shape": "hvh"},
                hovertemplate=f"%{{customdata[0]}}<br>{side} %{{customdata[1]:.1f}} %<extra>{name}</extra>",
            )
    figure.update_layout(showlegend=True, legend=ABOVE, margin={"t": 44})
    figure.update_yaxes(range=[-104, 104], tickvals=[-100, -50, 0, 50, 100], ticktext=["100", "50", "0", "50", "100"])
    return figure
