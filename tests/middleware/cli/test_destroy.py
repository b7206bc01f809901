"""``keys destroy``: in two steps, by somebody, and only what is over."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest

from middleware import binding, bootstrap, bootstrap_months, bootstrap_retention, config
from middleware.errors import ClockJumpedError
from middleware.model_purge import Boot
from middleware.months import needed
from tests.middleware.cli.bench import Instance

BACK = "recipient.delivery/vp.recipient.operational/2020-01"


@pytest.fixture
def keeping(fresh: Instance) -> Instance:
    """An instance that keeps copies, with a key whose month was over long ago."""
    fresh.write(server='keep_delivered = "policy"')
    assert fresh.run("keys", "provision").exit_code in (0, 1)  # nobody listens where its platform would be
    assert fresh.run("migrate").exit_code == 0
    bootstrap_months.ring(config.load(fresh.file)).provision({BACK})
    return fresh


def kids(instance: Instance) -> frozenset[str]:
    return bootstrap_months.ring(config.load(instance.file)).kids()


def test_months_ahead_are_provisioned_and_listed(keeping: Instance) -> None:
    day = bootstrap.system_clock().date()
    assert needed([binding.pack("bpost-shipping-platform")], day) <= kids(keeping)
    assert bootstrap_months.lacking(config.load(keeping.file)) == frozenset()
    rows = keeping.json("keys", "list")
    listed = {row["kid"]: row["days_left"] for row in rows if row["carrier"] == "(our own)"}
    assert set(listed) == kids(keeping)
    assert listed[BACK] < 0


def test_where_nothing_stays_no_keys_are_made(fresh: Instance) -> None:
    fresh.run("keys", "provision")
    assert kids(fresh) == frozenset()
    assert not (fresh.folder / "keys" / "retention").exists()


def test_two_steps_destroy_a_month(keeping: Instance) -> None:
    first = keeping.run("keys", "destroy", "2020-01", "--by", "Els De Smet")
    assert (first.exit_code, first.stdout.splitlines()[0]) == (0, f"{BACK}: announced")
    assert "--carry-out" in first.stdout
    assert BACK in kids(keeping)
    second = keeping.run("keys", "destroy", "2020-01", "--by", "Noor", "--carry-out")
    assert (second.exit_code, second.stdout) == (0, f"{BACK}: destroyed\n")
    assert BACK not in kids(keeping)


def test_what_is_gone_is_said_to_be_gone_and_announced_no_more(keeping: Instance) -> None:
    step = ("keys", "destroy", "2020-01", "--by", "Els")  # one person may do both
    for words in (step, (*step, "--carry-out")):
        assert keeping.run(*words).exit_code == 0
    with closing(bootstrap_months.copies(keeping.settings())) as kept:
        noted = len(kept.noted(BACK))
        for words in (step, (*step, "--carry-out")):
            again = keeping.run(*words)
            assert (again.exit_code, again.stdout) == (0, f"{BACK}: already gone\n")
        assert len(kept.noted(BACK)) == noted == 2


def test_without_the_first_step_nothing_is_destroyed(keeping: Instance) -> None:
    refused = keeping.run("keys", "destroy", BACK, "--by", "Noor", "--carry-out")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert (
        refused.stderr
        == f"parcelveil: {BACK}: its destruction was not announced; that is the first step (destruction-refused)\n"
    )
    assert BACK in kids(keeping)


def test_a_month_that_is_not_over_is_refused(keeping: Instance) -> None:
    living = next(kid for kid in sorted(kids(keeping)) if kid != BACK)
    refused = keeping.run("keys", "destroy", living.rpartition("/")[2], "--by", "Els")
    assert refused.exit_code == 1
    assert "not over" in refused.stderr
    assert living in kids(keeping)


@pytest.mark.parametrize("by", ["", "E", "Els\nNoor", "x" * 61])
def test_nobody_destroys_namelessly(keeping: Instance, by: str) -> None:
    refused = keeping.run("keys", "destroy", "2020-01", "--by", by)
    assert refused.exit_code == 2
    assert keeping.run("keys", "destroy", "2020-01").exit_code == 2


def test_doctor_tells_what_is_lacking_and_what_is_over(keeping: Instance) -> None:
    def told() -> str:
        found = keeping.json("doctor", status=keeping.run("doctor").exit_code)
        (finding,) = [entry for entry in found if entry["check"] == "own retention keys"]
        return f"{finding['verdict']}: {finding['message']}; {finding['remedy']}"

    assert told().startswith("warn: those of 2020-01 are over")
    assert told().endswith("`parcelveil keys destroy 2020-01 --by NAME`, in two steps")
    keeping.run("keys", "destroy", "2020-01", "--by", "Els")
    keeping.run("keys", "destroy", "2020-01", "--by", "Noor", "--carry-out")
    assert told() == "ok: they are there for this month and those ahead; "
    (keeping.folder / "keys" / "public" / "retention.json").unlink()
    assert told().startswith("BAD: no key ")


def test_while_the_clock_is_not_believed_nothing_is_destroyed(keeping: Instance) -> None:
    settings = keeping.settings()
    moment = bootstrap.clock(settings)()
    with closing(bootstrap_retention.retention(settings)) as known:
        boot = Boot(id="another", since=timedelta(0))
        assert known.begin(moment, boot) is not None
        with pytest.raises(ClockJumpedError):
            known.begin(moment + timedelta(days=400), boot)
    for step in ((), ("--carry-out",)):
        refused = keeping.run("keys", "destroy", "2020-01", "--by", "Els", *step)
        assert refused.exit_code == 1
        assert "a clock has jumped" in refused.stderr
    assert keeping.run("purge", "--accept-clock").exit_code == 0
    assert keeping.run("keys", "destroy", "2020-01", "--by", "Els").exit_code == 0
    with closing(bootstrap_retention.retention(settings)) as known:
        assert not known.upkeep().stopped  # although it was another boot that was refused
