from tests.play import Play, cells, line

def test_smoke(play: Play) -> None:
    case = play.apply([line("P-PB-001", 3), line("P-PT-001", 2)])
    play.run_to(case, "produce-1-panel-1")
    play.decide(case, "produce-1-panel-1", 明细=cells("完成数量", {1: 1}, 异常说明="基材缺货"))
    print(play.items(case).keys())
    an = play.settle(case, "anomaly-1-1-1", "重新制作")
    print(play.keys(an))
    pa = play.ordered(an)
    assert play.finish(case) == "delivered"
    assert play.finish(pa) == "delivered"
    print(play.lines(case), play.keys(pa))
