"""How far a case is with the arrow chain of its process; pure."""

from enum import StrEnum

from schemas.shapes import LinkWait
from schemas.words import EntryKind, LinkKind
from tasks.desk.views import CaseView
from tasks.durable.process import PROCESSES, Process

PASSED = {EntryKind.STEP, EntryKind.DECISION}
CHAIN_ROW = 4  # links of a chain side by side: an artifact's page is 65 characters wide


class Passage(StrEnum):
    """How far a case is with a link of its chain."""

    DONE = "done"
    CURRENT = "current"
    PENDING = "pending"
    SKIPPED = "skipped"
    ENDED = "ended"


COLOURS = {
    Passage.DONE: "fill:#d1fae5,stroke:#059669,color:#065f46",
    Passage.CURRENT: "fill:#2563eb,stroke:#1e3a8a,color:#ffffff,stroke-width:3px",
    Passage.PENDING: "fill:#f3f4f6,stroke:#9ca3af,color:#4b5563",
    Passage.SKIPPED: "fill:#ffffff,stroke:#9ca3af,color:#9ca3af,stroke-dasharray:4 3",
    Passage.ENDED: "fill:#fee2e2,stroke:#dc2626,color:#991b1b,stroke-width:3px",
}
SIGNS = {Passage.DONE: "✓ ", Passage.CURRENT: "▶ ", Passage.ENDED: "✕ "}


def chain(view: CaseView) -> list[tuple[str, Passage]]:
    """Say of each link whether it is done, waits now, comes later, was skipped, or ended the case badly.

    What lies behind the place where the case stands comes later, though it was passed before the case went back.
    """
    links, ending = PROCESSES[view.case.process].links, view.case.ending
    done = {links.index(entry.link) for entry in view.timeline if entry.kind in PASSED and entry.link in links}
    stands = [view.case.link] if ending and not ending.good else [] if ending else [item.link for item in view.items]
    here = {links.index(link) for link in stands if link in links}
    if not (here or ending):  # between two links
        here = {max(done, default=-1) + 1}
    nearest, furthest = min(here, default=len(links)), max(here, default=len(links))
    reached = max(done | here, default=-1)

    def passage(n: int) -> Passage:
        if n in here:
            return Passage.ENDED if ending else Passage.CURRENT
        if n in done and n < furthest:
            return Passage.DONE
        return Passage.SKIPPED if n < min(nearest, reached) else Passage.PENDING

    return [(link, passage(n)) for n, link in enumerate(links)]


def waits_of(process: Process) -> list[tuple[str, LinkWait]]:
    """Say of each link of a chain for whom it waits; where the process names nobody the system does it."""
    return [(link, process.waits.get(link, LinkWait(LinkKind.AUTO))) for link in process.links]


def chain_diagram(view: CaseView) -> str:
    """Draw the chain as a mermaid flowchart, in rows; colours say how far the case is."""
    links = chain(view)
    rows = [range(start, min(start + CHAIN_ROW, len(links))) for start in range(0, len(links), CHAIN_ROW)]
    drawn = ["flowchart TB"]
    for number, row in enumerate(rows):
        drawn += [f'subgraph row{number}[" "]', "direction LR"]
        drawn += [f'n{n}["{SIGNS.get(links[n][1], "")}{_label(links[n][0])}"]:::{links[n][1]}' for n in row]
        drawn += [f"n{n} --> n{n + 1}" for n in row[:-1]] + ["end"]
    drawn += [f"row{number} --> row{number + 1}" for number in range(len(rows) - 1)]
    drawn += [f"classDef {passage} {colours}" for passage, colours in COLOURS.items()]
    drawn += ["classDef row fill:none,stroke:none", f"class {','.join(f'row{n}' for n in range(len(rows)))} row"]
    return "\n".join(drawn)


def _label(title: str) -> str:
    return "".join(sign for sign in title if sign not in '"[]<>{}|;')
