from benchmarks.paper.score import report, table


def test_report_stands_beside_the_paper(setting):
    row = setting.score(setting.factuals).to_dict() | {
        "prepare_s": 1.0,
        "prepare_cpu_s": 1.9,
        "answer_s": 0.1,
    }
    result = {
        "data": "heloc",
        "checks": setting.checks,
        "seconds": setting.seconds,
        "peak_mb": {"protocol": 500},
        "methods": {"NNR(D_h+)": row, "GenRe, cheapest": row},
    }
    assert table([result])["paper"].tolist() == [1.88, 1.90]
    assert "label leaks" in report([result])
