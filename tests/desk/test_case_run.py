import time
def test_x(desk):
    t=time.time()
    rid=desk.apply()
    print("apply", time.time()-t)
    r=desk.run(rid); print(r.name, r.tags, r.state.name, r.state.state_details.pause_key, r.empirical_policy, r.labels)
    case=1
    print(desk.play.items(case))
    t=time.time()
    desk.resume(rid, {"经办人工号":"E1001","审核结论":"通过 approve"})
    r=desk.run(rid); print(r.state)
    r=desk.leg(rid); print(time.time()-t)
    r=desk.run(rid); print(r.name, r.tags, r.state.name, r.state.state_details.pause_key, r.empirical_policy, r.labels)
    for i in desk.client.filter_flow_run_input(rid,"",limit=50,exclude_keys=set()): print(i.key, i.value[:3000])
    assert 0
