"""The weights that tables are made of: what was chosen is likelier; folds judge unseen articles."""

from bench.odds import Case, fitted, left_out

CASES = [
    Case(f"urn:{article}", (("any",), ("sign", "yes" if chosen else "no")), chosen)
    for article in range(20)
    for chosen in (True, False)
]


def test_a_sign_of_what_was_chosen_weighs_for_it() -> None:
    weights = fitted(CASES, 1.0)
    assert weights.signs[("sign", "yes")] > 1 > -1 > weights.signs[("sign", "no")]
    assert weights.odds(CASES[0]) > 0 > weights.odds(CASES[1])


def test_a_sign_that_is_seldom_seen_has_no_weight() -> None:
    seldom = Case("urn:x", (("any",), ("seldom",)), True)
    assert ("seldom",) not in fitted([*CASES, seldom], 1.0).signs


def test_numbers_weigh_beside_signs() -> None:
    cases = [case._replace(numbers=(1.0, float(case.chosen))) for case in CASES]
    assert fitted(cases, 1.0).numbers[1] > 0


def test_an_article_is_judged_by_weights_it_had_no_part_in() -> None:
    assert left_out(CASES, 1.0) == (20, 20, 20)
    own = [case._replace(signs=((case.uri, str(case.chosen)),)) for case in CASES]
    assert left_out(own * 4, 1.0)[1] == 0
