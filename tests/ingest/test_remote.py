"""Objects of a real S3 server on this machine are read as files are, and those of Google and Azure as they are."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from acrm.engine import cluster
from acrm.errors import InputError
from acrm.ingest.remote import objects
from acrm.ingest.sources import find
from tests.clusters import sail
from tests.conftest import Acrm
from tests.ingest.blobs import serving

URL = "http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def server() -> Iterator[int]:
    """The port of an S3 server with an empty bucket `shop`."""
    pytest.importorskip("obstore", reason="acrm[cloud] is not installed")
    moto = pytest.importorskip("moto.server", reason="moto and flask, of the extra dev, are not installed")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    serving = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    serving.start()
    yield serving.get_host_and_port()[1]
    serving.stop()


@pytest.fixture
def bucket(server: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts files into the bucket `shop` or takes them away, which the environment says how to reach."""
    boto3 = pytest.importorskip("boto3", reason="boto3, of the extra dev, is not installed")
    monkeypatch.setenv("AWS_ENDPOINT_URL", URL.format(port=server))
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    for name, value in (("ACCESS_KEY_ID", "a"), ("SECRET_ACCESS_KEY", "b"), ("REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="shop")

    def put(key: str, content: bytes | Path | None) -> None:
        if content is None:
            client.delete_object(Bucket="shop", Key=key)
            return
        if isinstance(content, bytes):
            client.put_object(Bucket="shop", Key=key, Body=content, ACL="public-read")
            return
        for file in sorted(content.rglob("*")):
            if file.is_file():
                put(f"{key}/{file.relative_to(content).as_posix()}", file.read_bytes())

    yield put
    for one in client.list_objects_v2(Bucket="shop").get("Contents", []):
        client.delete_object(Bucket="shop", Key=one["Key"])
    client.delete_bucket(Bucket="shop")
    client.close()


@pytest.fixture
def google(bucket: Any, server: int, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The same bucket as one of Google's, which speaks the language of S3, too."""
    account = {"gcs_base_url": URL.format(port=server), "disable_oauth": True}
    nobody = dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_KEY", json.dumps(account | nobody))
    monkeypatch.setenv("GOOGLE_ALLOW_HTTP", "true")
    return bucket


@pytest.fixture
def azure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Puts folders into the container `shop`, which the environment says how to reach."""
    pytest.importorskip("obstore", reason="acrm[cloud] is not installed")
    blobs: dict[str, bytes] = {}

    def put(key: str, content: Path) -> None:
        for file in content.rglob("*"):
            if file.is_file():
                blobs[f"shop/{key}/{file.relative_to(content).as_posix()}"] = file.read_bytes()

    with serving(blobs) as port:
        monkeypatch.setenv("AZURE_STORAGE_USE_EMULATOR", "true")
        monkeypatch.setenv("AZURITE_BLOB_STORAGE_URL", URL.format(port=port))
        yield put


def orders(month: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "order_id": [f"{month}-{row}" for row in range(4)],
            "customer_id": [f"C{row}" for row in range(4)],
            "ordered_at": [date(2024, month, 5)] * 4,
            "product_name": ["Чай"] * 4,
            "line_amount": [10.5] * 4,
        }
    )


def hive(folder: Path) -> Path:
    for month in (4, 5):
        part = folder / f"orders/year=2024/month=0{month}/part-0.parquet"
        part.parent.mkdir(parents=True)
        orders(month).write_parquet(part)
    (folder / "orders/_SUCCESS").write_text("")
    return folder


def table(acrm: Acrm, *words: str) -> bytes:
    ran = acrm("rfm", *words, "-o", "-")
    assert ran.code == 0, ran.err
    return ran.raw


def test_a_parquet_table_is_read_where_it_is_and_as_it_is_read_from_a_folder(
    acrm: Acrm, bucket: Any, tmp_path: Path
) -> None:
    bucket("lake", hive(tmp_path / "lake"))
    [found] = find(["s3://shop/lake"], tmp_path)
    assert (found.name, found.is_remote) == ("orders", True)
    assert found.parts[0] == "s3://shop/lake/orders/year=2024/month=04/part-0.parquet"
    for meant in ("s3://shop/lake/", "s3://shop/lake/orders", "s3://shop/lake/**/*.parquet"):
        assert table(acrm, meant) == table(acrm, "lake")
    assert acrm("clean", "s3://shop/lake").code == 0
    assert set(pl.read_parquet("acrm-store/transactions.parquet")["x_month"]) == {"04", "05"}
    assert table(acrm, "acrm-store") == table(acrm, "lake")


@pytest.mark.parametrize(("scheme", "service"), [("gs", "google"), ("az", "azure"), ("abfss", "azure")])
def test_google_and_azure_are_read_as_s3_is(
    acrm: Acrm, tmp_path: Path, request: pytest.FixtureRequest, scheme: str, service: str
) -> None:
    put = request.getfixturevalue(service)
    (hive(tmp_path / "lake") / "customers.csv").write_text("customer_id,city\nC0,Riga\nC1,Oslo\n")
    put("a lake", tmp_path / "lake")
    url = f"{scheme}://shop"
    assert [file.name for file in find([f"{url}/a lake"], tmp_path)] == ["customers.csv", "orders"]
    assert table(acrm, f"{url}/a lake") == table(acrm, f"{url}/a lake/orders/**/*.parquet") == table(acrm, "lake")
    assert acrm("clean", f"{url}/a lake").code == 0
    put("store", tmp_path / "acrm-store")
    assert table(acrm, f"{url}/store", "--where", "city = 'Riga'") == table(acrm, "lake", "--where", "city = 'Riga'")
    with pytest.raises(InputError, match="there is nothing there"):
        objects(f"{url}/lake/none.csv")


def test_a_text_is_copied_and_read_as_any_other(acrm: Acrm, bucket: Any, tmp_path: Path) -> None:
    text = orders(1).write_csv(separator=";").encode("cp1251")
    Path("orders.csv").write_bytes(text)
    bucket("in/orders.csv", text)
    ran = acrm("clean", "s3://shop/in/orders.csv")
    assert (ran.code, "cp1251 ';'" in ran.out) == (0, True)
    assert table(acrm, "acrm-store") == table(acrm, "orders.csv")
    assert set(pl.read_parquet("acrm-store/transactions.parquet")["product_name"]) == {"Чай"}


def test_patterns_and_folders_mean_what_they_mean_on_a_disk(bucket: Any, tmp_path: Path) -> None:
    for key in ("in/a.csv", "in/b.csv", "in/sub/c.csv", "in/.d.csv", "in/README.md", "in/sub/_SUCCESS", "into.csv"):
        bucket(key, b"id,sum\n1,2\n")
    for meant, names in {
        "s3://shop/in": ["a.csv", "b.csv", "sub/c.csv"],
        "s3://shop/in/*.csv": ["a.csv", "b.csv"],
        "s3://shop/in/**/[bc].csv": ["b.csv", "sub/c.csv"],
        "s3://shop/int?.csv": ["into.csv"],
    }.items():
        assert [file.name for file in find([meant], tmp_path)] == names


def test_a_store_is_read_with_all_that_says_what_it_is(acrm: Acrm, bucket: Any, tmp_path: Path) -> None:
    hive(tmp_path / "lake")
    assert acrm("clean", "lake").code == 0
    bucket("stores/one", tmp_path / "acrm-store")
    assert table(acrm, "s3://shop/stores/one") == table(acrm, "acrm-store")
    assert table(acrm, "s3://shop/stores/one/transactions.parquet") == table(acrm, "acrm-store/transactions.parquet")


def test_a_part_of_a_store_is_named_with_its_folder(acrm: Acrm, bucket: Any, tmp_path: Path) -> None:
    orders(1).write_parquet(tmp_path / "o.parquet")
    acrm("clean", "o.parquet", "-o", "store")
    bucket("part/rejects.parquet", (tmp_path / "store/rejects.parquet").read_bytes())
    assert "name the folder: s3://shop/part\n" in acrm("rfm", "s3://shop/part/rejects.parquet").err


@pytest.mark.parametrize("scheme", ["s3", "s3a"])
def test_a_cluster_reads_a_store_where_it_is(acrm: Acrm, bucket: Any, tmp_path: Path, scheme: str) -> None:
    hive(tmp_path / "lake")
    (tmp_path / "lake/customers.csv").write_text("customer_id,city\nC0,Riga\nC1,Riga\nC2,Oslo\n")
    assert acrm("clean", "lake").code == 0
    bucket("stores/one", tmp_path / "acrm-store")
    url = f"{scheme}://shop/stores/one"
    assert {file.location for file in find([url], tmp_path, in_place=True)} > {f"{url}/transactions.parquet"}
    with sail() as address:
        for words in ((), ("--where", "city = 'Riga'")):
            there = table(acrm, url, *words, "--engine", "spark", "--remote", address)
            assert there == table(acrm, "acrm-store", *words)
        with pytest.raises(InputError, match=r"cannot read az://shop/one.parquet: "), cluster(address) as far:
            far.parquet("az://shop/one.parquet")


def test_a_fingerprint_changes_with_the_content(bucket: Any, tmp_path: Path) -> None:
    bucket("lake", hive(tmp_path / "lake"))
    [first], [again] = (find(["s3://shop/lake"], tmp_path) for _ in range(2))
    other = tmp_path / "other.parquet"
    orders(7).write_parquet(other)
    bucket("lake/orders/year=2024/month=04/part-0.parquet", other.read_bytes())
    [changed] = find(["s3://shop/lake"], tmp_path)
    assert first.sha256 == again.sha256 != changed.sha256


def test_a_delta_table_is_one_source(acrm: Acrm, bucket: Any, tmp_path: Path) -> None:
    pytest.importorskip("deltalake", reason="acrm[cloud] is not installed")
    orders(1).write_delta(str(tmp_path / "lake/orders"))
    bucket("lake", tmp_path / "lake")
    assert table(acrm, "s3://shop/lake") == table(acrm, "lake")


def test_an_iceberg_table_is_one_source(acrm: Acrm, bucket: Any, server: int, tmp_path: Path) -> None:
    catalogs = pytest.importorskip("pyiceberg.catalog.sql", reason="pyiceberg[sql-sqlite] is not installed")
    there = {"s3.endpoint": URL.format(port=server), "s3.region": "us-east-1"}
    catalog = catalogs.SqlCatalog("c", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse="s3://shop/house", **there)
    catalog.create_namespace("shop")
    written = catalog.create_table("shop.orders", schema=orders(1).to_arrow().schema)
    for month in (1, 2):
        written.append(orders(month).to_arrow())
    catalog.engine.dispose()
    [found] = find(["s3://shop/house"], tmp_path)
    assert (found.name, found.kind, len(found.parts)) == ("orders", "iceberg", 2)
    pl.concat([orders(1), orders(2)]).write_parquet("orders.parquet")
    assert table(acrm, "s3://shop/house") == table(acrm, "orders.parquet")


@pytest.mark.parametrize("key", ["in/none.csv", "in/*.xlsx", "nothing/"])
def test_nothing_there(bucket: Any, key: str) -> None:
    bucket("in/a.csv", b"id,sum\n1,2\n")
    with pytest.raises(InputError, match="there is nothing there"):
        objects(f"s3://shop/{key}")


def test_a_store_that_does_not_answer_is_one_sentence(acrm: Acrm, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", URL.format(port=9))
    ran = acrm("rfm", "s3://shop/orders.csv")
    assert ran.code == 3
    assert ran.err.startswith("acrm: error: s3://shop/orders.csv: cannot be read: ")
    assert [line[:8] for line in ran.err.splitlines()] == ["acrm: er", "  hint: "]


def test_a_table_that_goes_while_it_is_read_is_one_sentence(
    acrm: Acrm, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from acrm.ingest import dataset

    bucket("lake", hive(tmp_path / "lake"))
    staged = dataset._staged

    def late(*words: Any) -> Any:
        bucket("lake/orders/year=2024/month=04/part-0.parquet", None)
        return staged(*words)

    monkeypatch.setattr(dataset, "_staged", late)
    ran = acrm("rfm", "s3://shop/lake")
    assert ran.code == 3
    assert "cannot be read" in ran.err
    assert "Traceback" not in ran.err


def test_without_the_extra_the_error_says_what_to_install(acrm: Acrm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    ran = acrm("clean", "s3://shop/orders.csv")
    assert ran.code == 3
    assert "pip install 'acrm[cloud]'" in ran.err


def test_a_result_below_a_key_is_no_part(acrm: Acrm, bucket: Any, tmp_path: Path) -> None:
    assert acrm("rfm", str(hive(tmp_path / "lake")), "-o", "out").code == 0
    bucket("out/day=1/rfm.parquet", Path("out/rfm.parquet").read_bytes())
    [found] = find(["s3://shop/out/day=1/rfm.parquet"], tmp_path)
    assert (found.name, found.parts) == ("rfm.parquet", ())


@pytest.mark.parametrize(
    "url", ["s3://KEY:HIDDEN/A@shop/x.csv", "az://box/x.csv?sv=1&sig=HIDDEN", "https://x/y?X-Amz-Signature=HIDDEN"]
)
def test_no_secret_of_an_address_is_repeated(acrm: Acrm, url: str) -> None:
    ran = acrm("rfm", url)
    assert (ran.code, "HIDDEN" in ran.err) == (3, False), ran.err
    assert "***" in ran.err
