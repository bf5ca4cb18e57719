from nesf_ros.cli import progress


def test_a_line_every_five_seconds_and_none_where_it_is_quick(monkeypatch, capsys):
    now_s = 100.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now_s)
    told = progress.Progress()
    for now_s in (101.0, 104.9, 105.0, 106.0, 109.9, 112.0):  # noqa: B007  read by the clock
        told.tell(f"at {now_s:.0f}")
    captured = capsys.readouterr()
    assert captured.err == "  [5 s] at 105\n  [12 s] at 112\n" and captured.out == ""
