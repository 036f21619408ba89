"""The invariants of a report. The simulator's ledger is the judge."""

from .plugin import outcome_name

GONE = {"released", "already_gone"}
OPEN = {"accepted", "unknown"}
NOT_DONE = {"not_found", "not_recycled", "refused", "invalid", "not_attempted"}
COUNTED = ("released", "accepted", "already_gone", "not_found", "not_recycled", "refused",
           "invalid", "not_attempted", "unknown")


def rows_of(response):
    """(id, outcome) rows of a gRPC response or of the command line's result object."""
    if isinstance(response, dict):
        return [(r["instance_id"], r["outcome"]) for r in response["results"]]
    return [(r.instance_id, outcome_name(r.outcome)) for r in response.results]


def problems(sim, ids, response, product="vm", may_repeat=False, asked_before=(), hidden=(),
             by_others=(), unknown=None):
    """Sentences about everything in the report that is not true; empty when it is honest.

    `may_repeat`: an id may be named again after its effect, as long as no read had shown it.
    `hidden`: ids of which the report says that it can no longer see them.
    `by_others`: ids that somebody else took away while an order of ours was under way.
    `unknown`: the only ids that could not be read, so may be unknown; None: any.
    """
    found = []
    rows = rows_of(response)
    distinct = list(dict.fromkeys(ids))
    if sorted(i for i, _ in rows) != sorted(distinct):
        named = [i for i, _ in rows]
        found.append(f"not one outcome for each id: missing {set(distinct) - set(named)}, "
                     f"extra {set(named) - set(distinct)}, {len(named)} rows")
    for name, value in tally(response).items():
        real = len(distinct) if name == "total" else sum(o == name for _, o in rows)
        if name == "duplicates":
            real = len(ids) - len(distinct)
        if value != real:
            found.append(f"counts.{name} is {value}, it should be {real}")

    ledger = sim.get("ledger")
    destroyed = {e["instance_id"] for e in ledger["entries"] if e["cause"] == "release"}
    alive = set(sim.instances(product)) - {e["instance_id"] for e in ledger["entries"]}
    submitted = set(ledger["submissions"])
    for instance_id, outcome in rows:
        if outcome not in GONE | OPEN | NOT_DONE:
            found.append(f"{instance_id}: {outcome} is no outcome")
        if outcome in NOT_DONE and instance_id in destroyed and instance_id not in hidden:
            found.append(f"{instance_id}: reported {outcome}, but it was released")
        if outcome in GONE and instance_id in alive:
            found.append(f"{instance_id}: reported {outcome}, but it is alive")
        if outcome == "released" and instance_id not in destroyed and instance_id not in by_others:
            found.append(f"{instance_id}: reported released, but no release of ours did it")
        if outcome == "unknown" and unknown is not None and instance_id not in unknown:
            found.append(f"{instance_id}: reported unknown, but it could be read")
        if outcome == "not_attempted" and instance_id in submitted:
            found.append(f"{instance_id}: reported not_attempted, but it was sent")
    explained = diagnosed(response)
    for instance_id, outcome in rows:
        if outcome not in GONE and instance_id not in explained:
            found.append(f"{instance_id}: {outcome} without a diagnostic")
    if submitted - set(distinct) - set(asked_before):
        found.append("sent, but not asked for")
    if not may_repeat and ledger["resubmitted"]:
        found.append(f"sent again after their effect was there: {ledger['resubmitted']}")
    return found + sent_though_gone(sim, ledger)


def sent_though_gone(sim, ledger):
    """Releases that name an id although an earlier read had answered without it."""
    gone = {e["instance_id"]: e["gone_ms"] for e in ledger["entries"] if e["gone_ms"] is not None}
    lag = sim.get("settings")["read_lag_ms"]
    shown, found = set(), []
    for call in sim.requests():
        ids = [i for i in call.get("ids") or [] if i in gone]
        if call.get("action") == "ReleaseInstances":
            found += [f"{i}: sent in request {call['n']} although a read had shown it gone"
                      for i in ids if i in shown]
        elif call["status"] == 200 and not call.get("fault"):
            # Times are whole milliseconds: one more, so that a tie counts for the plugin.
            shown |= {i for i in ids if call["time_ms"] > gone[i] + lag + 1}
    return found


def tally(response):
    counts = response["counts"] if isinstance(response, dict) else None
    names = COUNTED + ("total", "duplicates")
    if counts is not None:
        return {n: int(counts.get(n, 0)) for n in names}
    return {n: getattr(response.counts, n) for n in names}


def diagnosed(response):
    if isinstance(response, dict):
        return {d.get("instance_id") for d in response["diagnostics"]}
    return {d.instance_id for d in response.diagnostics}
