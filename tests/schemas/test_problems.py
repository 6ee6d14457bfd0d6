"""Problems say what is wrong in a line that anybody can read, whatever was sent."""

from schemas.problems import LONGEST_REASON, MOST_TOLD, BadInput, Problem, in_words


def test_a_problem_is_a_short_line_whatever_it_is_about() -> None:
    line = str(Problem("栏" * 10_000, "值\n\0" * 10_000, "应为" * 10_000, 3))
    assert len(line.splitlines()) == 1
    assert len(line) < LONGEST_REASON + 200
    assert line.startswith("第3行 row 3, 栏")


def test_of_many_problems_the_first_are_told_and_the_rest_counted() -> None:
    problems = [Problem("数量", n, "应为数字", n) for n in range(1, 20_001)]
    told = in_words(problems).splitlines()
    assert told == [*map(str, problems[:MOST_TOLD]), f"… 还有 {20_000 - MOST_TOLD:,} 个问题 more problems"]
    wrong = BadInput(problems)
    assert str(wrong).splitlines() == told
    assert wrong.problems == problems


def test_few_problems_are_all_told() -> None:
    problems = [Problem("数量", n, "应为数字") for n in range(MOST_TOLD)]
    assert in_words(problems) == "\n".join(map(str, problems))
