"""The policy that a run keeps: the best without noise in the second half, not the last."""

import twmr_nb.runs.selection
from twmr_nb.policies.saved import load_policy
from twmr_nb.runs.run import new_run, open_run

TINY = {
    "num_envs": 4,
    "rollout_steps": 8,
    "minibatches": 2,
    "mlp_size": 8,
    "hidden_size": 8,
    "max_steps": 8,
    "settle_steps": 0,
    "total_timesteps": 4 * 8 * 10,
    "validate_every": 2,
}


def judged(monkeypatch, rates: dict[int, float], clean: dict[int, float] | None = None) -> list[tuple[int, int]]:
    """Let the policy of each update pass, and cleanly, as often as told; returns what was asked: update, seed."""
    asked = []

    def evaluate(saved, world, episodes, seed):
        update = saved.results["global_step"] // 32
        asked.append((int(update), seed))
        cleanly = clean[int(update)] if clean else None
        return {"success_rate": rates[int(update)], "mean_return": 0.0, "clean_pass": cleanly}

    monkeypatch.setattr(twmr_nb.runs.selection, "evaluate", evaluate)
    return asked


def test_the_best_of_the_second_half_is_kept(monkeypatch, tmp_path) -> None:
    asked = judged(monkeypatch, {6: 0.5, 8: 0.9, 10: 0.2})
    run = new_run(run_dir=tmp_path / "run", **TINY)
    run.train()
    assert asked == [(6, 0), (8, 0), (10, 0)]
    kept = load_policy(run.policy_path)
    assert kept.results["global_step"] == 8 * 32
    assert kept.results["validation"] == [0.9, 0.0]


def test_the_last_policy_is_tried_even_out_of_turn(monkeypatch, tmp_path) -> None:
    asked = judged(monkeypatch, {8: 0.5, 10: 0.9})
    run = new_run(run_dir=tmp_path / "run", **TINY | {"validate_every": 4})
    run.train()
    assert asked == [(8, 0), (10, 0)]
    assert load_policy(run.policy_path).results["global_step"] == 10 * 32


def test_where_folded_legs_are_paid_for_the_cleanest_is_kept(monkeypatch, tmp_path) -> None:
    for bonus, best in ((0.2, 6), (0.0, 8)):
        judged(monkeypatch, {6: 0.5, 8: 0.9, 10: 0.2}, clean={6: 0.4, 8: 0.1, 10: 0.2})
        run = new_run(run_dir=tmp_path / f"bonus {bonus}", **TINY | {"folded_bonus": bonus})
        run.train()
        assert load_policy(run.policy_path).results["global_step"] == best * 32


def test_of_equals_the_later_one_is_kept_and_a_resumed_run_remembers(monkeypatch, tmp_path) -> None:
    judged(monkeypatch, {6: 0.9, 8: 0.9, 10: 0.2})
    run = new_run(run_dir=tmp_path / "run", **TINY)

    def stop_at_9(record) -> None:
        if record["update"] == 9:
            run.stop()

    run.train(stop_at_9)
    assert run.state == "stopped"
    twmr_nb.runs.run.LIVE.clear()
    again = open_run(tmp_path / "run")
    again.train()
    assert again.state == "finished"
    assert load_policy(again.policy_path).results["global_step"] == 8 * 32


def test_without_validation_the_last_policy_is_kept(tmp_path) -> None:
    run = new_run(run_dir=tmp_path / "run", **TINY | {"validate_every": 0})
    run.train()
    assert load_policy(run.policy_path).results["global_step"] == 320
    assert "validation" not in load_policy(run.policy_path).results
