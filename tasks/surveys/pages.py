"""The customer's page: the form, what was sent in by it, and a friendly word where there is nothing to fill in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from schemas.forms.surveys import Mark, SurveyAbout
from schemas.problems import Problem
from tasks.surveys.rules import MOST_SAID, TOPICS, Said, form_no

TEMPLATES = Path(__file__).with_name("templates")
ALL = "all"
TITLE = "满意度调查"
THANKS = "谢谢您的评价", "您的问卷已收到，我们会认真对待每一条意见。"
ANSWERED = "这份问卷已提交过", "每份问卷只能提交一次，先收到的已经登记。如还有意见，请拨打客服热线。"
EXPIRED = "链接已过期", "这份问卷的填写时间已过。如还有意见，请拨打客服热线，我们随时倾听。"
UNKNOWN = "链接无效", "请核对链接是否完整，或从收到的消息中重新打开；也可以拨打客服热线。"
BUSY = "访问太频繁", "请稍等一分钟再打开，已填写的内容请先不要关闭。"
TOO_LONG = "内容太长", "请缩短留言后再提交。"
FAULT = "暂时打不开", "系统正在维护，请过几分钟再试，您的问卷仍然有效。"


@dataclass(frozen=True)
class Topic:
    """A topic as it is asked: with marks and questions of its own, or only to be written about."""

    code: str
    text: str
    marked: bool
    questions: Sequence[tuple[str, str]]
    open: bool


def read_form(given: Mapping[str, str]) -> tuple[Said, list[Problem]]:
    """Read what was sent in; gives it with what is wrong with it: nobody sees a field that the page does not have."""
    marks, remarks, problems = dict[str, Mark](), dict[str, str](), list[Problem]()
    for name, value in given.items():
        kind, _, code = name.partition("-")
        if kind == "m" and code:
            try:
                marks[code] = Mark(value)
            except ValueError:
                problems.append(Problem("评价", value, f"请从 {'、'.join(mark.zh for mark in Mark)} 中选择"))
        elif kind == "r" and code and (text := "".join(c for c in value if c.isprintable() or c == "\n").strip()):
            remarks[code] = text
    return Said(marks.pop(ALL, None), marks, remarks, given.get("reply") == "yes"), problems


def survey_page(
    form: Row[Any],
    questions: Mapping[str, str],
    given: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
) -> str:
    """Show a form to be filled in, with what was filled in already and what is wrong with that; no contact data."""
    given, words = given or {}, [problem.expected for problem in problems]
    shown = [_topic(code, questions, given) for code in TOPICS if code in questions]
    return _render(
        "survey", title=TITLE, about=_about(form), form_no=form_no(form.number, form.no), topics=shown, words=Mark,
        given=given, problems=words, most=MOST_SAID,
    )  # fmt: skip


def _topic(code: str, questions: Mapping[str, str], given: Mapping[str, str]) -> Topic:
    own = [(one, text) for one, text in questions.items() if one.startswith(code) and one != code]
    open_ = any(given.get(f"m-{one}") for one, _ in own) or bool(given.get(f"r-{code}"))
    return Topic(code, questions[code], code != TOPICS[-1], own, open_)


def _about(form: Row[Any]) -> str:
    if form.store:
        return f"尊敬的{form.store_name}：请对 {form.first} 至 {form.last} 我们的工作作出评价。"
    product = f"（{form.model}）" if form.model else ""
    return f"尊敬的客户：请对售后单 {form.case_no}{product} 的{SurveyAbout(form.service).zh}服务作出评价。"


def message_page(title: str, text: str) -> str:
    """Say a friendly word instead of a form."""
    return _render("message", title=title, text=text)


def _render(name: str, **values: Any) -> str:
    return str(_templates().get_template(f"{name}.html.j2").render(**values))


@cache
def _templates() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # not on the path of a job

    loader = FileSystemLoader(TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
