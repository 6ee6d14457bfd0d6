from tests.durable.turns import taking_turns
import pytest
from hypothesis import given, settings, HealthCheck
from hypothesis import strategies as st
from deployments.database import connect
from tests.play import Play
from tests.books import books_balance
from tests.durable.plans import PANEL
from tasks.durable.engine import advance

GATES=["review-1","plan-1","produce-1-panel-1","goods-in-1-1","goods-out-1-1","pickup-1"]

@pytest.fixture(scope="module")
def gates(server, template):
    url=server.create(template); db=connect(url); play=Play(db)
    case=play.apply([PANEL]); found={}
    for gate in GATES:
        play.run_to(case, gate)
        db.dispose()
        found[gate]=server.create(url)
    return found

def who(kind, play, case, gate):
    if kind=="watch":
        return lambda: advance(play.db, case).reply
    if kind in ("withdraw by supervisor","withdraw by applicant"):
        s="E1040" if "super" in kind else "E1049"
        return lambda: play.withdraw(case, s)
    data=play.answer(case, gate)
    return lambda: play.send(case, gate, data).reply

KINDS=["decide","watch","withdraw by supervisor","withdraw by applicant"]
@settings(max_examples=60, derandomize=True, deadline=None, database=None, report_multiple_bugs=True)
@given(gate=st.sampled_from(GATES), kinds=st.lists(st.sampled_from(KINDS),min_size=2,max_size=3), order=st.lists(st.integers(0,2),min_size=1,max_size=15))
def test_turns(server, gates, gate, kinds, order):
    url=server.create(gates[gate]); db=connect(url); play=Play(db); case=1
    try:
        acts=[who(k,play,case,gate) for k in kinds]
        with pytest.MonkeyPatch.context() as mp:
            replies=taking_turns(mp, order, *acts)
        accepted=[k for k,r in zip(kinds,replies) if r.accepted and k!="watch"]
        entries=play.timeline(case)
        n=sum(e.kind in("decision","withdrawn") and e.step_key==gate or e.kind=="withdrawn" for e in entries)
        refusals=play.rows("select * from decision where not accepted")
        told=[(k, [str(p) for p in r.problems]) for k,r in zip(kinds,replies)]
        assert play.case(case).fault is None, play.case(case).fault
        assert accepted.count("decide")<=1
        assert n==len(accepted), (n, told)
        assert len(refusals)==len([r for r in replies if not r.accepted])
        books_balance(db)
    finally:
        db.dispose(); server.drop(url)
