"""The benchmarks run and print their tables. How fast they are is not for a test to say."""

import subprocess
import sys
from pathlib import Path

import pytest

from bench.lock import addresses_in

ROOT = Path(__file__).parents[1]


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bench", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_hops_prints_our_way_beside_the_others_and_a_latency() -> None:
    ran = bench("--quick", "hops")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    for way in ("shared/bus.py", "redis-py", "FastStream"):
        assert way in ran.stdout
    assert "three hops, full batches" in ran.stdout
    assert "p99" in ran.stdout


def test_embargo_prints_how_late_stories_left() -> None:
    ran = bench("--quick", "embargo")
    assert ran.returncode == 0, ran.stderr
    assert "10 stories whose embargo ends in one moment" in ran.stdout
    assert "left ingest" in ran.stdout


def test_enrich_without_its_data_says_what_is_missing(tmp_path: Path) -> None:
    ran = bench("enrich", "--data", str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    assert "not measured" in ran.stdout


def test_deliveries_prints_how_many_arrived_and_what_each_cost() -> None:
    ran = bench("--quick", "deliveries")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("1,000") >= 2
    assert "receiver process" in ran.stdout


@pytest.mark.timeout(120)
def test_isolation_prints_what_the_others_felt_of_each_sickness() -> None:
    ran = bench("--quick", "isolation")
    assert ran.returncode == 0, ran.stderr
    for behaviour in ("well", "hang", "fail", "drip", "reset"):
        assert f" {behaviour} " in ran.stdout


def test_an_unknown_benchmark_is_refused_with_the_names_there_are() -> None:
    ran = bench("hop")
    assert ran.returncode == 2
    assert "hops, deliveries, isolation, burst, embargo, chaos, social_chaos, enrich" in ran.stderr


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_the_lock_files_name_packages_and_hashes_but_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "--hash=sha256:" in text
    assert addresses_in(text) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example.com/simple",
        "brotli @ file:///srv/brotli.whl",
        "--find-links wheels",
    ],
)
def test_a_line_with_an_address_is_found(line: str) -> None:
    assert addresses_in(f"brotli==1.2.0 \\\n    --hash=sha256:00\n{line}\n") == [line]
