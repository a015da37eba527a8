"""The daily reports with Polars: `python polars_reports.py DATA_DIR OUT_DIR YYYY-MM-DD`.

Columns stay in Polars from file to file; Python sees distinct odd cells only. The match is a join
on receipts, then `join_asof` (nearest within ten minutes), which is not one-to-one: two purchases
may be given the same confirmation.
"""

import io
import json
import sys
from pathlib import Path

import polars as pl

from daily_rules import (
    MICROS,
    PLAIN_MONEY,
    PLAIN_TIME,
    WINDOW_S,
    Stages,
    campaign_key,
    micros_of_money,
    micros_of_time,
    small_reports,
    sync_files,
    write_json,
)

PURCHASE_EVENTS = ["purchase", "af_purchase"]


def main(data, out, day):
    stages = Stages("polars")
    purchases = read_sales(data / "purchases_raw.csv", PURCHASE_COLUMNS)
    confirmed = read_sales(data / "confirmed_purchases.csv", CONFIRMED_COLUMNS)
    costs = read_costs(data / "costs_daily.csv")
    dau = read_dau(data / "sessions.csv", day)
    stages.done("read")

    kept = clean_purchases(purchases)
    del purchases
    confirmed = clean_confirmations(confirmed)
    stages.done("clean")

    details = reconcile(kept, confirmed)
    stages.done("reconcile")

    out.mkdir(parents=True, exist_ok=True)
    write_curated(kept, out / "purchases_curated.csv")
    stages.done("write_curated")
    summary = summarise(details)
    write_details(details, summary, out / "reconciliation.json")
    stages.done("write_reconciliation")

    revenue = kept.group_by(pl.col("at").dt.date().cast(pl.String), "campaign_norm").agg(
        pl.col("revenue").sum()
    )
    cells = {(on, campaign): micros for on, campaign, micros in revenue.iter_rows()}
    for name, rows in small_reports(day, cells, costs, dau).items():
        write_json(out / f"{name}.json", rows)
    sync_files(out)
    stages.done("reports_and_sync")
    counts = {"kept": len(kept), "confirmations": len(confirmed), "dau": dau, **summary}
    stages.report({"polars": pl.__version__, "python": sys.version.split()[0]}, counts)


PURCHASE_COLUMNS = [
    *["appsflyer_id", "event_name", "event_time_utc", "revenue_usd"],
    *["campaign", "receipt_id", "status"],
]
CONFIRMED_COLUMNS = ["appsflyer_id", "event_time_utc", "revenue_usd", "receipt_id"]


def scan(path):
    return pl.scan_csv(path, infer_schema=False, empty_string_is_null=False)


def read_sales(path, columns):
    """The columns with `at` and `micros` beside them, null where they cannot be read."""
    money = pl.col("revenue_usd")
    plain = pl.when(money.str.contains(PLAIN_MONEY)).then(money)
    rows = (
        scan(path)
        .select(columns)
        .with_columns(
            pl.col("appsflyer_id", "receipt_id").str.strip_chars(),
            at=plain_time(pl.col("event_time_utc")),
            micros=(plain.cast(pl.Float64, strict=False) * MICROS).round().cast(pl.Int64),
        )
        .collect()
    )
    rows = fill_odd(rows, "event_time_utc", "at", map_times)
    rows = fill_odd(rows, "revenue_usd", "micros", micros_of_money)
    return rows.with_columns(pl.col("at").cast(pl.Datetime("us"))).drop(
        "event_time_utc", "revenue_usd"
    )


def plain_time(text):
    # Without the cache of parsed texts: hardly any instant comes twice.
    return text.str.to_datetime(PLAIN_TIME, time_unit="us", strict=False, cache=False).cast(pl.Int64)


def map_times(texts):
    return {text: micros_of_time(text) for text in texts}


def fill_odd(rows, text, value, meanings_of):
    """Each distinct text that the fast way could not read is read once, in Python."""
    odd = rows.lazy().filter(pl.col(value).is_null()).select(pl.col(text).unique()).collect()
    if odd.is_empty():
        return rows
    meanings = meanings_of(odd[text].to_list())
    table = pl.DataFrame(
        {text: list(meanings), "meaning": list(meanings.values())},
        schema={text: pl.String, "meaning": pl.Int64},
    )
    return rows.join(table, on=text, how="left", maintain_order="left").with_columns(
        pl.coalesce(value, "meaning").alias(value)
    ).drop("meaning")


def mapped(rows, column, alias, meaning):
    """A column of few distinct texts through a Python function."""
    texts = rows[column].unique().to_list()
    table = pl.DataFrame({column: texts, alias: [meaning(text) for text in texts]})
    return rows.join(table, on=column, how="left", maintain_order="left")


def read_costs(path):
    rows = scan(path).collect()
    meanings = micros_of_money(rows["ad_cost_usd"].to_list())
    costs = {}
    for day, campaign, text in rows.select("date", "campaign", "ad_cost_usd").iter_rows():
        micros = meanings[text]
        if micros is not None and micros_of_time(f"{day}T00:00:00") is not None:
            key = (day, campaign_key(campaign))
            costs[key] = costs.get(key, 0) + micros
    return costs


def read_dau(path, day):
    rows = scan(path).select("user_id", "event_timestamp_utc")
    rows = rows.with_columns(at=plain_time(pl.col("event_timestamp_utc"))).collect()
    rows = fill_odd(rows, "event_timestamp_utc", "at", map_times)
    on_day = pl.col("at").cast(pl.Datetime("us")).dt.date() == pl.lit(day).str.to_date()
    users = rows.lazy().filter(on_day).select(pl.col("user_id").str.strip_chars())
    return users.filter(pl.col("user_id") != "").unique().collect().height


def clean_purchases(rows):
    has_receipt = pl.col("receipt_id") != ""
    chargebacks = rows.filter(folds_to("status", rows, ["chargeback"]) & has_receipt)
    owners = chargebacks.select("receipt_id", pl.col("appsflyer_id").alias("owner")).unique()
    kept = rows.filter(
        folds_to("status", rows, ["success"])
        & folds_to("event_name", rows, PURCHASE_EVENTS)
        & (pl.col("appsflyer_id") != "")
        & pl.col("at").is_not_null()
        & (pl.col("micros") > 0)
    )
    kept = mapped(kept, "campaign", "campaign_norm", campaign_key)
    kept = without_duplicates(kept).sort("at")

    charged = kept.select("receipt_id", "appsflyer_id").join(owners, on="receipt_id")
    foreign = charged.filter(pl.col("owner") != pl.col("appsflyer_id"))["receipt_id"].unique()
    is_charged = pl.col("receipt_id").is_in(charged["receipt_id"].unique().implode())
    is_foreign = pl.col("receipt_id").is_in(foreign.implode())
    # By hash: a collision in 64 bits is less likely than a broken disk.
    again = has_receipt & pl.col("receipt_id").hash().is_duplicated()
    return kept.with_columns(
        revenue=pl.when(is_charged).then(0).otherwise(pl.col("micros")),
        flags=pl.concat_str(
            flag("campaign_differs", pl.col("campaign_differs")),
            flag("chargeback", is_charged),
            flag("duplicate_receipt", again),
            flag("receipt_on_two_players", is_foreign),
        ).str.strip_chars_end(";"),
    ).drop("campaign_differs")


def folds_to(column, rows, wanted):
    """A filter by the few texts of a column that mean one of `wanted`."""
    texts = [text for text in rows[column].unique() if text.strip().lower() in wanted]
    return pl.col(column).is_in(texts)


def flag(name, when):
    return pl.when(when).then(pl.lit(f"{name};")).otherwise(pl.lit(""))


def without_duplicates(kept):
    """Only rows that share player and instant with another can be duplicates: few, looked at closely."""
    shared = kept.select(pl.struct("appsflyer_id", "at").hash().is_duplicated()).to_series()
    key = ["appsflyer_id", "at", "event", "micros"]
    some_receipt = (pl.col("receipt_id") != "").any().over(key)
    close = (
        kept.with_row_index("row")
        .filter(shared)
        .with_columns(event=pl.col("event_name").str.strip_chars().str.to_lowercase())
        .sort("receipt_id", "campaign_norm")
        .with_columns(differs=pl.col("campaign_norm").n_unique().over(key) > 1)
    )
    stay = close.filter((pl.col("receipt_id") != "") | ~some_receipt).unique(
        subset=[*key, "receipt_id"], keep="first", maintain_order=True
    )
    dropped = taken(kept.height, close["row"]) & ~taken(kept.height, stay["row"])
    differs = taken(kept.height, stay.filter(pl.col("differs"))["row"])
    return kept.with_columns(campaign_differs=differs).filter(~dropped)


def clean_confirmations(rows):
    rows = rows.filter(
        (pl.col("appsflyer_id") != "") & pl.col("at").is_not_null() & (pl.col("micros") > 0)
    )
    shared = rows.select(pl.struct("appsflyer_id", "at").hash().is_duplicated()).to_series()
    return pl.concat([rows.filter(~shared), rows.filter(shared).unique()]).sort("at")


RULES = pl.Enum(["receipt", "time"])
TYPES = pl.Enum(["matched", "af_only", "confirmed_only"])


def reconcile(kept, confirmed):
    kept = kept.select(
        "appsflyer_id", "at", "micros", "revenue", "receipt_id"
    ).with_row_index("purchase")
    confirmed = confirmed.select(
        "appsflyer_id",
        pl.col("at").alias("cf_at"),
        pl.col("micros").alias("cf_micros"),
        pl.col("receipt_id").alias("cf_receipt"),
    ).with_row_index("confirmation")
    with_receipt = confirmed.filter(pl.col("cf_receipt") != "").unique(
        subset=["appsflyer_id", "cf_receipt"], keep="first"
    )
    by_receipt = kept.filter(pl.col("receipt_id") != "").join(
        with_receipt,
        # On one column, and the player compared afterwards: two keys cost half as much again.
        left_on="receipt_id",
        right_on="cf_receipt",
        how="inner",
    ).filter(pl.col("appsflyer_id") == pl.col("appsflyer_id_right")).drop("appsflyer_id_right")
    by_receipt = by_receipt.with_columns(
        cf_receipt="receipt_id", rule=pl.lit("receipt", dtype=RULES)
    )
    rest = kept.filter(~taken(kept.height, by_receipt["purchase"]))
    left = confirmed.filter(~taken(confirmed.height, by_receipt["confirmation"]))
    near = rest.join_asof(
        left,
        left_on="at",
        right_on="cf_at",
        by="appsflyer_id",
        strategy="nearest",
        tolerance=f"{WINDOW_S}s",
        check_sortedness=False,
    ).with_columns(rule=pl.when(pl.col("confirmation").is_not_null()).then(pl.lit("time", dtype=RULES))
    )
    used = near["confirmation"].drop_nulls()
    alone = confirmed.filter(
        ~taken(confirmed.height, by_receipt["confirmation"]) & ~taken(confirmed.height, used)
    )
    return details_of(pl.concat([by_receipt, near, alone], how="diagonal"))


def taken(height, indexes):
    """A mask by index: cheaper than an anti join."""
    mask = pl.Series([False]).new_from_index(0, height)
    return mask.scatter(indexes, True) if len(indexes) else mask


FLAGS = ["amount_mismatch", "outside_window", "receipt_mismatch"]
# Every list of flags by its number: a gather is much cheaper than to build ten million lists.
FLAG_LISTS = pl.Series(
    [[flag for bit, flag in enumerate(FLAGS) if number & (1 << bit)] for number in range(8)],
    dtype=pl.List(pl.String),
)


def details_of(rows):
    is_pair, has_purchase = pl.col("rule").is_not_null(), pl.col("purchase").is_not_null()
    apart = (pl.col("cf_at") - pl.col("at")).dt.total_microseconds() / MICROS
    both = (pl.col("receipt_id") != "") & (pl.col("cf_receipt") != "")
    flags = (
        (is_pair & (pl.col("micros") != pl.col("cf_micros"))).cast(pl.UInt32) * 1
        + ((pl.col("rule") == "receipt") & (apart.abs() > WINDOW_S)).cast(pl.UInt32) * 2
        + ((pl.col("rule") == "time") & both & (pl.col("receipt_id") != pl.col("cf_receipt"))).cast(
            pl.UInt32
        )
        * 4
    ).fill_null(0)
    return (
        rows.lazy()
        .select(
            pl.when(is_pair)
            .then(pl.lit("matched"))
            .when(has_purchase)
            .then(pl.lit("af_only"))
            .otherwise(pl.lit("confirmed_only"))
            .cast(TYPES)
            .alias("type"),
            "appsflyer_id",
            *["at", "cf_at"],
            pl.coalesce("at", "cf_at").alias("event_at"),
            usd(pl.coalesce("revenue", "cf_micros")).alias("revenue_usd"),
            usd(pl.col("cf_micros")).alias("confirmed_revenue_usd"),
            pl.coalesce("receipt_id", "cf_receipt").alias("receipt_id"),
            "rule",
            apart.alias("seconds_apart"),
            flags.cast(pl.UInt8).alias("flags"),
        )
        .sort("event_at")
        .collect()
    )


def summarise(details):
    types = details.group_by("type").agg(pl.len(), pl.col("revenue_usd").sum().round(6))
    by_type = {str(kind): (count, usd) for kind, count, usd in types.iter_rows()}
    names = ["matched", "af_only", "confirmed_only"]
    rules = dict(details["rule"].drop_nulls().value_counts().iter_rows())
    mismatch = details.select((pl.col("flags") & 1).sum()).item()
    return {
        **{name: by_type.get(name, (0, 0))[0] for name in names},
        **{"matched_by_receipt": rules.get("receipt", 0), "matched_by_time": rules.get("time", 0)},
        "amount_mismatch": mismatch,
        "revenue_usd": {name: by_type.get(name, (0, 0))[1] for name in names},
    }


def usd(micros):
    # Rounded: the division of a column by a constant is a product, 2.99 would be 2.9899999999999998.
    return (micros / MICROS).round(6)


# Seconds, and a fraction only where there is one.
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"


def time_text(column):
    return pl.col(column).dt.to_string(TIME_FORMAT)


def write_curated(kept, path):
    # Cells that a spreadsheet would run get an apostrophe.
    safe = [
        pl.when(pl.col(name).str.contains(r"^[=+\-@]"))
        .then("'" + pl.col(name))
        .otherwise(pl.col(name))
        .alias(name)
        for name in ("appsflyer_id", "event_name", "campaign", "receipt_id", "status", "campaign_norm")
    ]
    kept.lazy().with_columns(*safe).select(
        "appsflyer_id",
        "event_name",
        pl.col("at").alias("event_time_utc"),
        usd(pl.col("revenue")).alias("revenue_usd"),
        *["campaign", "receipt_id", "status", "campaign_norm"],
        usd(pl.col("micros")).alias("original_revenue_usd"),
        "flags",
    ).sink_csv(path, datetime_format=TIME_FORMAT)


def write_details(details, summary, path):
    with open(path, "wb") as file:
        file.write(f'{{"summary": {json.dumps(summary)}, "details": ['.encode())
        start = file.tell()
        # Streamed as lines, on all cores: `write_json` is single-threaded and holds all its text.
        details.lazy().select(
            *["type", "appsflyer_id"],
            time_text("at").alias("af_event_time_utc"),
            time_text("cf_at").alias("cf_event_time_utc"),
            time_text("event_at").alias("event_time_utc"),
            *["revenue_usd", "confirmed_revenue_usd", "receipt_id", "rule", "seconds_apart"],
            pl.lit(FLAG_LISTS).gather(pl.col("flags")).alias("flags"),
        ).sink_ndjson(LinesAsItems(file))
        if file.tell() > start:
            file.seek(-1, io.SEEK_CUR)
        file.write(b"]}")


class LinesAsItems(io.RawIOBase):
    """A line break within a text is escaped in JSON, so each one here ends an item of the array."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, lines):
        self.file.write(bytes(lines).replace(b"\n", b","))
        return len(lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
