"""XES 1.0: one trace a case, its events with link, time, resource, role, channel and outcome (xes-standard.org)."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import TextIOBase
from itertools import groupby
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from tasks.exports.events import LedgerRow, event_text, events

EXTENSIONS = (
    ("Concept", "concept", "http://www.xes-standard.org/concept.xesext"),
    ("Time", "time", "http://www.xes-standard.org/time.xesext"),
    ("Organizational", "org", "http://www.xes-standard.org/org.xesext"),
)
OF_ALL = {  # what every trace, every event has, with what it is where nothing is said
    "trace": {"concept:name": "", "process": "", "ending": ""},
    "event": {"concept:name": "", "org:resource": "", "org:role": "", "channel": "", "outcome": "", "step": ""},
}
MOMENT = "1970-01-01T00:00:00+00:00"


def write_xes(rows: Iterable[LedgerRow], out: TextIOBase) -> int:
    """Write the log of ledger rows, which come case by case; gives the number of events."""
    written = 0
    xml = _Log(out)
    with xml.element("log", {"xes.version": "1.0", "xes.features": ""}):
        for name, prefix, uri in EXTENSIONS:
            xml.empty("extension", {"name": name, "prefix": prefix, "uri": uri})
        for scope, kept in OF_ALL.items():
            with xml.element("global", {"scope": scope}):
                xml.strings(kept)
                if scope == "event":
                    xml.empty("date", {"key": "time:timestamp", "value": MOMENT})
        xml.empty("classifier", {"name": "环节 Link", "keys": "concept:name"})
        for (number, process, ending), of_case in groupby(rows, lambda row: (row.number, row.process, row.ending)):
            with xml.element("trace"):
                xml.strings({"concept:name": number, "process": process, "ending": ending or ""})
                for event in events(of_case):
                    with xml.element("event"):
                        xml.strings({"concept:name": event.link, "org:resource": event.resource})
                        xml.strings({"org:role": event.role, "channel": event.channel, "outcome": event.outcome})
                        xml.strings({"step": event.title})
                        xml.empty("date", {"key": "time:timestamp", "value": event_text(event.at)})
                    written += 1
    return written


class _Log:
    """An XML file, written element by element."""

    def __init__(self, out: TextIOBase) -> None:
        self._xml = XMLGenerator(out, "UTF-8", short_empty_elements=True)
        self._xml.startDocument()

    @contextmanager
    def element(self, name: str, attributes: Mapping[str, str] | None = None) -> Iterator[None]:
        self._xml.startElement(name, AttributesImpl(dict(attributes or {})))
        self._xml.ignorableWhitespace("\n")
        yield
        self._xml.endElement(name)
        self._xml.ignorableWhitespace("\n")

    def empty(self, name: str, attributes: Mapping[str, str]) -> None:
        self._xml.startElement(name, AttributesImpl(dict(attributes)))
        self._xml.endElement(name)
        self._xml.ignorableWhitespace("\n")

    def strings(self, values: Mapping[str, str]) -> None:
        for key, value in values.items():
            self.empty("string", {"key": key, "value": value})
