"""Hypothesis strategies for small random systems in which everything that an engine has to order happens, and often.

Times come from a few round numbers beside continuous distributions, so that events tie even without a coarse clock.
A timeline redraws parts of its first blueprint: stages, pools, rosters, shifts, batches, priorities come and go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from builders import exponential, fixed, level_expectations
from hypothesis import strategies as st

from sim.blueprint import (
    DELIVERED,
    NO_TIME,
    Arrivals,
    Attendance,
    Blueprint,
    Calendar,
    Check,
    Distribution,
    ErrorRate,
    Expectations,
    Handoff,
    Horizon,
    Improvement,
    Information,
    KnockOn,
    Knowledge,
    Load,
    Morale,
    Participation,
    Partnership,
    Practice,
    Promise,
    Recovery,
    Relationship,
    Requirements,
    Rework,
    Segment,
    SpecialCause,
    StaffMember,
    StaffPool,
    Stage,
    Supplier,
    Terms,
    WordOfMouth,
)
from sim.plan import Timeline

Draw = Callable[[st.SearchStrategy[Any]], Any]

POOLS = ("desk", "yard", "shop")
ROSTER = ("ann", "bob", "cem", "dia", "eve", "fay", "gus")
STAGES = ("intake", "work", "check", "ship")
SEGMENTS = ("one", "two", "three")
CALENDARS = (Calendar(4.0, 8.0, 384.0), Calendar(2.0, 12.0, 576.0), Calendar())
WHOLE_HOURS = (0.5, 1.0, 1.0, 2.0)
LAYERS = ((0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (0, 1, 2, 3, 4), (0, 1, 2), (0, 1, 3), (0, 1), (0,))
MODEST = level_expectations(0.6, norm=0.4, norm_before=0.4, word_of_mouth=0.4)  # of customers who are easily pleased

chances = st.sampled_from((0.0, 0.1, 0.3, 0.6, 1.0))
seldom = st.sampled_from((0.0, 0.0, 0.05, 0.2))
checks = st.builds(Check, chances, seldom)


def times(mean: float, *, zero: bool = False) -> st.SearchStrategy[Distribution]:
    """Times around `mean` h: fixed, of a few round values, or continuous; perhaps none at all."""
    whole = st.sampled_from([mean * x for x in WHOLE_HOURS])
    kind, cv = st.sampled_from(("lognormal", "gamma")), st.sampled_from((0.5, 1.5))
    spread = st.builds(Distribution, kind, st.just(mean), cv)
    several = st.just(Distribution("empirical", values=(0.0, mean, mean, 2.0 * mean)))
    kinds = [whole.map(fixed), st.just(exponential(mean)), spread, several]
    return st.one_of(*([st.just(NO_TIME)] if zero else []), *kinds)


@st.composite
def shifts(draw: Draw, week: float) -> tuple[tuple[float, float], ...]:
    """Periods of a week at work; none: always."""
    part = week / 8.0
    cuts = draw(st.sampled_from(((), (), (0, 4), (4, 8), (2, 6), (0, 3, 5, 8), (1, 2, 3, 4, 6, 7), (0, 8))))
    return tuple((part * a, part * b) for a, b in zip(cuts[::2], cuts[1::2], strict=True))


@st.composite
def members(draw: Draw, week: float) -> StaffMember:
    leaves = st.tuples(st.sampled_from((0.0, 3.0, 4.0, 10.5, 20.0)), st.sampled_from((1.0, 2.5, 8.0)))
    return StaffMember(
        skill=draw(st.sampled_from((0.5, 0.75, 0.9))),
        gain=draw(seldom),
        morale=draw(chances),
        off_line=tuple(draw(st.lists(leaves, max_size=2))),
        entry_skill=draw(seldom),
        shifts=draw(shifts(week)),
        trained_at=draw(st.sampled_from((0.0, 10.0))),
    )


@st.composite
def pools(draw: Draw, week: float) -> dict[str, StaffPool]:
    """Every pool has a member, and the others are spread at random; not everybody is employed."""
    places = {name: draw(st.sampled_from((*POOLS, ""))) for name in ROSTER[len(POOLS) :]}
    heads = dict(zip(draw(st.permutations(ROSTER[: len(POOLS)])), POOLS, strict=True))
    return {
        pool: StaffPool(
            {name: draw(members(week)) for name, place in {**heads, **places}.items() if place == pool},
            discretion=draw(chances),
            involvement=draw(chances),
            participation=draw(st.sampled_from((0.0, 1.0))),
            coordination=draw(st.sampled_from((0.0, 0.1))),
            pressure=draw(st.sampled_from((0.0, 0.2))),
            at_close=draw(st.sampled_from(("leave", "stay", "suspend"))),
        )
        for pool in POOLS
    }


@st.composite
def stages(draw: Draw) -> dict[str, Stage]:
    p = draw(st.sampled_from((0.0, 0.1, 0.4)))  # the same at every stage: some systems have a shared frailty
    built = {}
    for name in STAGES[: draw(st.integers(1, len(STAGES)))]:
        onstage = draw(st.booleans())
        teams = draw(st.sampled_from(((), (), ("desk", "yard"), ("shop", "desk"), POOLS)))
        built[name] = Stage(
            pool=teams[0] if teams else draw(st.sampled_from(POOLS)),
            function=draw(st.sampled_from(("front", "back"))),
            service=draw(times(draw(st.sampled_from((0.5, 1.0))))),
            error=ErrorRate(p, draw(chances), draw(seldom), draw(chances)),
            onstage=onstage,
            moment_of_truth=onstage,
            self_check=draw(checks),
            incoming_check=draw(checks),
            inspection=draw(checks),
            special_cause=SpecialCause(draw(seldom), 3.0, 5.0),
            extra_time=draw(st.sampled_from((0.0, 0.5))),
            appraisal=draw(st.sampled_from((False, False, False, True))),
            supplier=draw(st.sampled_from(("", "mill"))),
            teams=teams,
            customer_waits=draw(st.booleans()),
            configures=draw(st.booleans()),
            tampering=draw(st.sampled_from((False, False, True))),
        )
    return built


@st.composite
def handoffs(draw: Draw, probability: float) -> Handoff:
    return Handoff(
        probability,
        retention=draw(st.sampled_from((1.0, 0.7))),
        corruption=draw(seldom),
        delay=draw(times(1.0, zero=True)),
        batch=draw(st.sampled_from((1, 1, 2, 3, 7))),
        border=draw(st.booleans()),
        batch_cost=draw(st.sampled_from((0.0, 4.0))),
    )


@st.composite
def routes(draw: Draw, names: tuple[str, ...]) -> dict[str, dict[str, Handoff]]:
    """A chain, with short cuts and ways back."""
    ways: dict[str, dict[str, Handoff]] = {}
    for i, name in enumerate(names):
        onward = names[i + 1] if i + 1 < len(names) else DELIVERED
        shares = {onward: 1.0}
        aside = draw(st.sampled_from((*names, DELIVERED, onward, onward)))
        if aside != onward:
            shares = {onward: 0.75, aside: 0.25}
        ways[name] = {
            target: Handoff(share) if target == DELIVERED else draw(handoffs(share)) for target, share in shares.items()
        }
    return ways


@st.composite
def arrivals(draw: Draw, interval: float, week: float) -> Arrivals:
    profile = draw(st.sampled_from(((), (), (2.0, 0.0), (0.5, 1.5, 1.0, 1.0))))
    if draw(st.booleans()):
        return Arrivals("population", draw(times(8.0 * interval)), customers=draw(st.integers(1, 6)), profile=profile)
    reorder = draw(times(week / 2.0))
    return Arrivals("stream", draw(times(interval)), orders=draw(st.integers(1, 3)), reorder=reorder, profile=profile)


@st.composite
def segments(draw: Draw, week: float, count: int) -> dict[str, Segment]:
    return {
        name: Segment(
            share=1.0 / count,
            priority=draw(st.sampled_from((0, 1, 5))),
            arrivals=draw(arrivals(1.0 * count, week)),
            expectations=draw(st.sampled_from((MODEST, Expectations()))),
            complexity=draw(st.sampled_from((1.0, 1.5))),
            prospects=draw(st.sampled_from((0.0, 2.0, 5.0))),
            owner=draw(st.booleans()),
            patience=draw(st.one_of(st.none(), times(1.0))),
            balk_at=draw(st.sampled_from((0, 0, 1, 2, 4))),
        )
        for name in SEGMENTS[:count]
    }


@st.composite
def rules(draw: Draw) -> dict[str, Any]:
    """The rest of a blueprint: what is asked often is drawn, the sizes are such that it happens within a day."""
    terms = st.builds(Terms, times(1.0, zero=True), chances, st.just(20.0))
    partner = st.builds(Partnership, trust=chances, break_hazard=st.just(50.0), fallback=terms)
    return {
        "suppliers": {"mill": Supplier(draw(terms), draw(st.one_of(st.none(), partner)))},
        "promise": Promise(lead_time=draw(st.sampled_from((2.0, 8.0)))),
        "knock_on": KnockOn(draw(st.sampled_from((1.0, 3.0))), draw(st.sampled_from(("latched", "markov")))),
        "information": Information(1.0, *draw(st.sampled_from(((0.0, 0.0), (0.5, 1.0))))),
        "rework": Rework(
            failure=draw(st.sampled_from((0.0, 0.3))),
            until_right=draw(st.booleans()),
            travel_delay=draw(st.sampled_from((0.0, 0.5, 1.0))),
        ),
        "recovery": Recovery(surfacing=draw(chances), minor_complaint=draw(chances)),
        "requirements": Requirements(draw(st.sampled_from((0.0, 0.1)))),
        "practice": Practice(
            learning_rate=0.05, forgetting=0.01, induction_hours=draw(st.sampled_from((0.0, 2.0))), induction_gain=0.1
        ),
        "load": Load(load_time=2.0, overwork_time=10.0, overload_from=0.5, tipping_from=0.6, tipping=1.0),
        "morale": Morale(morale_weeks=draw(st.sampled_from((0.0, 2.0)))),
        "attendance": Attendance(
            absence=draw(st.sampled_from((0.0, 0.2, 0.5))),
            turnover=draw(st.sampled_from((0.0, 10.0, 40.0))),
            vacancy=draw(st.sampled_from((0.0, 2.0, 4.0, 9.0))),
        ),
        "participation": Participation(idea_yield=5.0, idea_tenure=1.0, follow_up=draw(chances)),
        "knowledge": Knowledge(0.9, draw(chances)),
        "improvement": Improvement(
            cycle_weeks=draw(st.sampled_from((0.0, 1.0, 2.0))),
            choose_by=draw(st.sampled_from(("survey", "error_log", "opinion", "chance"))),
            answers=5.0,
            check_jobs=5.0,
            team_hours=draw(st.sampled_from((0.0, 1.0, 4.0))),
        ),
        "relationship": Relationship(
            rule=draw(st.sampled_from(("keep", "adequate", "desired", "step"))), retention_base=2.0, stay_below=0.2
        ),
        "word_of_mouth": WordOfMouth(
            talk=draw(chances),
            positive_hearers=2.0,
            prospect=0.4,
            referral_delay=draw(st.sampled_from((0.0, 1.0, 10.0))),
            trial_base=5.0,
        ),
    }


@st.composite
def timelines(draw: Draw) -> Timeline:
    """One to three blueprints, the later ones with some parts drawn anew."""
    calendar = draw(st.sampled_from(CALENDARS))
    week = calendar.week
    count = draw(st.integers(1, len(SEGMENTS)))

    def flow() -> Mapping[str, Any]:
        built = draw(stages())
        return {"stages": built, "route": draw(routes(tuple(built)))}

    first = Blueprint(
        **flow(),
        first=STAGES[0],
        pools=draw(pools(week)),
        segments=draw(segments(week, count)),
        calendar=calendar,
        horizon=Horizon(
            draw(st.sampled_from((0.0, 5.0, week))),
            draw(st.sampled_from((10.0, 24.0, 48.0, 80.0))),
            draw(st.sampled_from((0.0, 0.0, 0.5, 1.0))),
        ),
        layers=draw(st.sampled_from(LAYERS)),
        **draw(rules()),
    )
    marks = draw(st.sets(st.sampled_from((0.5, 4.0, 7.0, 8.0, 9.25, 20.0)), max_size=2))
    entries = [(0.0, first)]
    for start in sorted(marks):
        parts: dict[str, Any] = {}
        changed = draw(st.sampled_from(("pools", "flow", "segments", "everything")))
        if changed in ("flow", "everything"):
            parts |= flow()
        if changed in ("pools", "everything"):
            parts["pools"] = draw(pools(week))
        if changed in ("segments", "everything"):  # who comes stays the same: only how they are served and wait
            parts["segments"] = {
                name: replace(new, arrivals=first.segments[name].arrivals)
                for name, new in draw(segments(week, count)).items()
            }
        if changed == "everything":
            parts |= draw(rules())
        entries.append((start, replace(entries[-1][1], **parts)))
    return tuple(entries)
