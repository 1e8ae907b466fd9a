"""What lies there to be reached must lie there: a canary that is gone proves nothing."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from layer_builder.isolation.traps import traps


def test_a_canary_that_is_gone_is_noticed_and_laid_out_anew() -> None:
    file = Path(str(traps().orders()["file"]))
    assert traps().are_whole
    file.unlink()
    assert not traps().are_whole
    traps().orders()
    assert traps().are_whole


def test_many_threads_have_the_same_canaries() -> None:
    with ThreadPoolExecutor(20) as pool:
        assert len(set(map(id, pool.map(lambda _: traps(), range(200))))) == 1


def test_a_start_lets_no_other_find_the_canary_half_laid_out() -> None:
    """Several functions start at a time; each lays it out, and asks afterwards."""

    def start(_: int) -> bool:
        traps().orders()
        return traps().are_whole

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(start, range(4000)))
