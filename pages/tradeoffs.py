"""Trade-offs: what models are worth against what they cost, and what to make of the run in use.

Reads: the run in use and all finished runs with the same texts and teacher. Writes: the query parameters ``run`` and
``tradeoffs.point``.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from distil_core.analysis import advice, literature, roads, tradeoffs
from distil_core.analysis.caveats import caveats
from distil_core.analysis.roles import Role
from distil_core.analysis.tradeoffs import Landscape, ModelPoint, Price
from distil_core.evaluation.metrics import Metric
from distil_core.reporting import formatting, narrative, tables, tradeoff_tables
from distil_core.reporting.figures import tradeoffs as figures
from distil_core.runs.families import Family
from pages.sections import charts, decision_card, explained
from pages.state import address, resources, run_in_use

SCORE, PRICE, SHOWN, SEEDS, POINT = (f"tradeoffs.{name}" for name in ("score", "price", "shown", "seeds", "point"))
CHART, CLICKED, SEEN = "tradeoffs.chart", "tradeoffs.clicked", "tradeoffs.seen"
PRICES = {
    Price.LATENCY: "Latency",
    Price.THROUGHPUT: "Throughput",
    Price.PARAMETERS: "Parameters",
    Price.BYTES: "Bytes",
}
PUBLISHED = "Published"
AT = ((Price.BYTES, 0.5), (Price.BYTES, 0.25), (Price.LATENCY, 0.5))
"""Shares of what the teacher costs at which the roads to a smaller model are held against one another."""
_MS = "%.2f ms"
COLUMNS = {
    "Model": st.column_config.TextColumn(pinned=True),
    "Latency": st.column_config.NumberColumn(format=_MS, help="Median time for one text."),
    "p5": st.column_config.NumberColumn(format=_MS, help="One time in twenty was shorter than this."),
    "p95": st.column_config.NumberColumn(format=_MS, help="One time in twenty was longer than this."),
    "Throughput": st.column_config.NumberColumn(format="%.0f texts/s", help="In batches of 32 texts."),
    "Parameters": st.column_config.NumberColumn(format="%.2f M"),
    "Size": st.column_config.NumberColumn(format="%.1f MB"),
}
MISQUOTED = "  \n:orange-badge[:material/warning: misquoted]"


def take() -> None:
    """Select the point that was clicked last; a click counts once, though the chart goes on reporting it."""
    points = st.session_state[CHART]["selection"]["points"] if CHART in st.session_state else []
    clicked = next((point["customdata"][0] for point in points if point.get("customdata")), None)
    if clicked is not None and clicked != st.session_state.get(CLICKED):
        st.session_state[POINT] = clicked
    st.session_state[CLICKED] = clicked


def ask(family: Family) -> None:
    """Ask for the axes, and show the run in use among all that can be held against it."""
    landscape = tradeoffs.landscape(family, resources.runs())
    scores = {metric.name: metric for metric in family.distilled.record.task.scores}
    if st.session_state.get(SCORE) not in (None, *scores):  # the run in use before was of another task
        st.session_state[SCORE] = next(iter(scores))
    with st.container(border=True):
        judged = advice.advise(family, landscape, resources.outputs, resources.sample)
        st.markdown(f":material/lightbulb: {narrative.advice.paragraph(judged)}")
    decision_card.show(family, landscape)
    # Ask
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with address.control(SCORE, "Quality"):
            picked = st.segmented_control(
                "Quality",
                list(scores),
                format_func=lambda name: scores[name].label,
                default=next(iter(scores)),
                required=True,
                key=SCORE,
                bind="query-params",
                width="content",
                wrap=True,
                help=tradeoff_tables.definitions(tuple(scores.values())),
            )
        with address.control(PRICE, "Cost"):
            wanted = st.segmented_control(
                "Cost",
                list(PRICES),
                format_func=PRICES.__getitem__,
                default=Price.LATENCY,
                required=True,
                key=PRICE,
                bind="query-params",
                width="content",
                wrap=True,
                help="Latency: time for one text. Throughput: texts per second in batches of 32. Parameters: number of "
                "weights. Bytes: weights on disk, the teacher's in fp32.",
            )
    # An address may name nothing.
    score, price = picked or next(iter(scores)), wanted or Price.LATENCY
    left, right = st.columns([2, 1], gap="large")
    chart = left.container()
    with left.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with address.control(SHOWN, "Show"):
            groups = [*tradeoffs.groups(landscape.points), PUBLISHED]
            shown = st.pills(
                "Show",
                groups,
                default=groups[:-1],
                selection_mode="multi",
                key=SHOWN,
                bind="query-params",
                width="content",
                wrap=True,
                help="The number beside a point is how many layers it has. Published: what the papers on DistilBERT, "
                "TinyBERT and MiniLM report, relative to this teacher.",
            )
        several = any(point.several for point in landscape.points)
        with address.control(SEEDS, "Average seeds"):
            mean = st.toggle(
                "Average seeds",
                value=several,
                key=SEEDS,
                bind="query-params",
                disabled=not several,
                help="One point for all seeds of the same settings."
                if several
                else "There is only one seed of each setting.",
            )
    # Think
    shown_scores = tuple(scores.values())
    # A road is as good as its seeds are on average, whichever of them are drawn.
    settings = (
        tradeoffs.averaged(landscape.points, resources.sample, metrics=shown_scores) if several else landscape.points
    )
    points = settings if mean else landscape.points
    visible = [point for point in points if point.group in shown]
    # Show
    with right:
        point = pick(points, family)
        show_point(point, family, shown_scores)
    with chart:
        show_chart(landscape, settings, visible, point, scores[score], Price(price), published=PUBLISHED in shown)
    show_claims(family)
    show_table(points, shown_scores)


def pick(points: tuple[ModelPoint, ...], family: Family) -> ModelPoint:
    """Ask which point is shown beside the chart: the run in use, until somebody clicks another."""
    take()
    mine = family.distilled.run
    if st.session_state.setdefault(SEEN, mine) != mine:
        st.session_state[SEEN] = st.session_state[POINT] = mine
    names = {point.id: point.name for point in points}
    chosen = tradeoffs.selected(points, st.session_state.get(POINT, st.query_params.get(POINT)))
    st.session_state[POINT] = chosen.id
    # Not bound, since a bound address holds what people read, and names change when other seeds arrive.
    if chosen.in_use:
        st.query_params.pop(POINT, None)
    else:
        address.put(POINT, chosen.id)
    with address.control(POINT, "Model"):
        st.selectbox(
            "Model",
            list(names),
            format_func=names.__getitem__,
            key=POINT,
            help="Or click a point of the chart.",
        )
    return chosen


def show_chart(
    landscape: Landscape,
    settings: Sequence[ModelPoint],
    points: list[ModelPoint],
    selected: ModelPoint,
    score: Metric,
    price: Price,
    *,
    published: bool,
) -> None:
    """Show the models on two axes."""
    places = tradeoffs.places(points, score, price)
    teacher = next((point for point in landscape.points if point.id == tradeoffs.TEACHER), None)
    references = literature.references(teacher, score, price) if published else ()
    lines = roads.road_lines(places, n_layers=landscape.n_layers)
    charts.show(
        f"{score.label} against {PRICES[price].lower()}",
        figures.scatter(places, score=score, price=price, references=references, roads=lines, selected=selected),
        key=CHART,
        alt=f"{score.label} of all models against their {PRICES[price].lower()}, with the line of the best",
        header=tradeoff_tables.place_columns(score, price),
        rows=tradeoff_tables.place_rows(places, references),
        on_select="rerun",
    )
    compared = (
        roads.furthest(settings, score, cost, share=share, n_layers=landscape.n_layers, draw=resources.sample)
        for cost, share in AT
    )
    if sentences := [narrative.tradeoffs.furthest(judged, score) for judged in compared if judged is not None]:
        st.markdown("\n".join(f"- {sentence}" for sentence in sentences))
    st.caption(" ".join(narrative.tradeoffs.notes(caveats(landscape, score, price))))


def show_point(point: ModelPoint, family: Family, scores: tuple[Metric, ...]) -> None:
    """Show one model, and where to go with its run."""
    with st.container(border=True):
        explained.table(
            tradeoff_tables.card_rows(point, scores),
            title="**What was measured of it**",
            alt=f"All that was measured of {point.name}",
        )
        if not point.runs:
            st.caption("The teacher of the run in use.")
            return
        run_id = point.id
        with st.container(horizontal=True, gap="small"):
            if st.button(
                "Use this run",
                icon=":material/check:",
                key="tradeoffs.use",
                disabled=run_id == family.distilled.run,
            ):
                run_in_use.choose(run_id)
                st.rerun()
            if st.button(
                "Open in Compare",
                icon=":material/compare_arrows:",
                key="tradeoffs.compare",
                disabled=point.role is Role.BASELINE,
            ):
                st.switch_page("pages/compare.py", query_params={"run": run_id})
            if st.button("Open in Runs", icon=":material/list_alt:", key="tradeoffs.runs"):
                st.switch_page("pages/runs.py", query_params={"run": run_id})


def show_claims(family: Family) -> None:
    """Show what is said of DistilBERT beside what was measured."""
    record = family.distilled.record
    claims = literature.claims(record, advice.share_kept(family.distilled, resources.outputs))
    st.header("What is said of DistilBERT, and what this run measured", anchor=False)
    rows = [
        {
            "It is said": f"“{claim.quote}”" + ("" if claim.sound else MISQUOTED),
            "The paper": claim.source,
            "This run": f"{claim.measured}  \n:small[:gray[{claim.spread}]]",
            "So": claim.verdict,
        }
        for claim in narrative.claims.rows(claims)
    ]
    explained.table(pd.DataFrame(rows), hide_index=True, alt="Published claims beside this run's figures")
    environment = record.environment
    st.caption(
        "The paper: Sanh et al., 2019, [arXiv:1910.01108](https://arxiv.org/abs/1910.01108), on other tasks "
        f"and another machine. This run: {formatting.escaped(record.corpus.name)}, {environment.processor}, "
        f"{environment.threads} thread{'s' * (environment.threads > 1)}, {record.config.student.arithmetic}."
    )
    with st.expander("Where the published marks come from", icon=":material/menu_book:"):
        explained.table(
            pd.DataFrame(tradeoff_tables.published_rows(), columns=list(tradeoff_tables.PUBLISHED_COLUMNS)),
            hide_index=True,
            alt="Published ratios and their sources",
        )


def show_table(points: tuple[ModelPoint, ...], scores: tuple[Metric, ...]) -> None:
    """Show all that was measured of all points, to read and to take away."""
    rows = tradeoff_tables.point_rows(points, scores)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.header("All models", anchor=False, width="content")
        st.download_button(
            "Download as CSV",
            tables.to_csv(tradeoff_tables.point_columns(scores), rows),
            "tradeoffs.csv",
            "text/csv",
            key="tradeoffs.csv",
            on_click="ignore",
            icon=":material/download:",
            type="tertiary",
        )
    explained.dataframe(
        pd.DataFrame(tradeoff_tables.table_rows(points, scores)),
        key="tradeoffs.table",
        column_config={
            **COLUMNS,
            **{
                name: st.column_config.NumberColumn(format=formatting.column_format(metric))
                for name, metric in tradeoff_tables.metric_columns(scores).items()
            },
        },
        placeholder=formatting.NONE,
        alt="All models with all that was measured of them",
    )


family = run_in_use.finished()
if family is not None:
    ask(family)
