"""What is shown of URLs holds no secret, whatever a URL looks like; contact data is masked or blank."""

import re
import unicodedata
from dataclasses import dataclass

import pytest

from tasks.privacy.rules import bare_url, bare_urls, bare_values, blanked, mask_phones, mask_text


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://me:secret@house:8443/a b/日报.csv?token=secret&x=y z#secret", "https://house:8443/a b/日报.csv"),
        ("https://secret@house/a", "https://house/a"),
        ("http://me:p@secret@house/a", "http://house/a"),
        ("http://me:sec/secret@house/a", "http://…"),
        ("http://me:sec?secret@house/a", "http://…"),
        ("http://[::1/secret", "http://…"),
        (r"http:\\me:secret@house\a", r"http://house\a"),
        (r"HTTPS:/\me:secret@house/a", "https://house/a"),
        ("http:me:secret@house/a?token=secret", "http://house/a"),
        ("http:///me:secret@house/a", "http://house/a"),
        ("postgresql+psycopg://me:***@db/x?sslkey=secret", "postgresql+psycopg://db/x"),
    ],
)
def test_of_a_url_only_host_and_path_are_shown(url: str, bare: str) -> None:
    assert bare_url(url) == bare
    assert bare_url(bare) == bare


def test_the_urls_in_a_text_are_bare_and_the_rest_stays() -> None:
    text = "404 for 'https://me:secret@a/b?token=secret' (see <http://c/d#secret>), 3://x 文件://y?"
    assert bare_urls(text) == "404 for 'https://a/b' (see <http://c/d>), 3://x 文件://y?"


def test_a_url_is_found_behind_a_chinese_word_and_whatever_its_slashes() -> None:
    assert bare_urls(r"见http://u:secret@c/d 或http:\\u:secret@e/f") == "见http://c/d 或http://e/f"
    assert bare_urls(r"C:\Users\me@home http: none") == r"C:\Users\me@home http: none"


def test_values_are_bare_however_deep_they_are() -> None:
    given = {
        "导入单": {"文件": "https://a/b?token=secret", "表种": "auto", "明细": [{"x": "http://u:secret@c"}, 1, None]}
    }
    bare = {"导入单": {"文件": "https://a/b", "表种": "auto", "明细": [{"x": "http://c"}, 1, None]}}
    assert bare_values(given) == bare


def test_a_text_that_names_a_url_keeps_its_other_words() -> None:
    assert bare_values({"原因": "见 http://u:secret@c/d?e=f 的照片"}) == {"原因": "见 http://c/d 的照片"}


@pytest.mark.parametrize(
    "typed",
    [
        "13912345678",
        "139 1234 5678",
        "139-1234-5678",
        "+8613912345678",
        "+86 139 1234 5678",
        "１３９１２３４５６７８",
        "＋８６ １３９－１２３４－５６７８",
        "139.1234.5678",
        "139·1234·5678",
        "(139)1234-5678",
    ],
)
def test_a_mobile_number_is_masked_however_it_is_written(typed: str) -> None:
    masked = mask_phones(f"请打{typed}。")
    assert masked.endswith("****5678。")
    assert "1234" not in unicodedata.normalize("NFKC", masked)


@pytest.mark.parametrize(
    "typed",
    [
        "010-62345678",
        "01062345678",
        "(010)6234-5678",
        "（0755）8234 5678",
        "0312-8235678",
        "0312 823 5678",
        "+86 10 6234 5678",
        "+86-(0)10-62345678",
        "０１０－６２３４５６７８",
        "021-5888-5678转802",
    ],
)
def test_a_landline_of_somebody_else_is_masked_however_it_is_written(typed: str) -> None:
    masked = unicodedata.normalize("NFKC", mask_phones(f"邻居电话{typed}。"))
    assert "****5678" in masked
    assert not {"6234", "8234", "8235", "5888"} & set(re.findall(r"\d{4}", masked))


@dataclass(frozen=True)
class Customer:
    customer_phone: str = "0312-1234567"
    customer_address: str = "保定市莲池区 七一路99号(北楼)1502室"


@pytest.mark.parametrize(
    "typed",
    [
        "0312-1234567",
        "03121234567",
        "0312 1234567",
        "(0312)123-4567",
        "０３１２－１２３４５６７",
        "保定市莲池区 七一路99号(北楼)1502室",
        "保定市莲池区七一路 ９９号（北楼）1502室",
        "保定市 莲池区, 七一路99号北楼 1502室",
    ],
)
def test_how_a_customer_is_reached_is_masked_however_somebody_wrote_it(typed: str) -> None:
    masked = unicodedata.normalize("NFKC", mask_text(f"请联系 {typed}。", Customer()))
    assert masked.startswith("请联系 ")
    assert masked.endswith("。")
    assert "123" not in masked
    assert "99" not in masked


def test_what_only_begins_like_an_address_stays_and_a_mask_may_hold_what_a_pattern_means_otherwise() -> None:
    assert mask_text("保定市莲池区七一路98号", Customer()) == "保定市莲池区七一路98号"
    assert mask_text(r"到 a\1b\g<0>.* 去", Customer("", r"a\1b\g<0>.*")) == r"到 a\1b\*** 去"


@pytest.mark.parametrize(
    "text",
    [
        *("SO20260318-0042", "4411391234567890123", "12912345678", "1391234567", "PA-2026-010234 2026-11-18"),
        *("FH-2026-0102345678", "P-HW-001 2026", "2026-11-18 10:00", "0.1022345678", "62345678", "010 个"),
    ],
)
def test_what_is_no_phone_number_stays(text: str) -> None:
    assert mask_phones(text) == text


def test_fields_are_blank_however_deep_they_are() -> None:
    given = {"电话": "1", "明细": [{"电话": "2", "数量": 3}], "备注": None}
    assert blanked(given, {"电话"}) == {"电话": "", "明细": [{"电话": "", "数量": 3}], "备注": None}
