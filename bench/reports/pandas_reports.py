"""The daily reports with pandas: `python pandas_reports.py [--arrow] DATA_DIR OUT_DIR YYYY-MM-DD`.

Files are read by the pyarrow engine into Arrow-backed strings, ids and receipts become integers
once, and nothing calls Python per row; only distinct odd cells are read one by one. The match is a
merge on receipts, then `merge_asof` (nearest within ten minutes), which is not one-to-one: two
purchases may be given the same confirmation.

Output is written by pandas itself, or with `--arrow` by pyarrow's own writer and string kernels,
which is several times faster and no longer quite a pandas program.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from daily_rules import (
    MICROS,
    PLAIN_MONEY,
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
PURCHASE_COLUMNS = [
    *["appsflyer_id", "event_name", "event_time_utc", "revenue_usd"],
    *["campaign", "receipt_id", "status"],
]
CONFIRMED_COLUMNS = ["appsflyer_id", "event_time_utc", "revenue_usd", "receipt_id"]
DETAIL_ROWS = 100_000
UNREADABLE = np.iinfo(np.int64).min


def main(data, out, day, with_arrow):
    stages = Stages("pandas+arrow" if with_arrow else "pandas")
    purchases = read_sales(data / "purchases_raw.csv", PURCHASE_COLUMNS)
    confirmed = read_sales(data / "confirmed_purchases.csv", CONFIRMED_COLUMNS)
    costs = read_costs(data / "costs_daily.csv")
    dau = read_dau(data / "sessions.csv", day)
    stages.done("read")

    number_names(purchases, confirmed)
    kept = clean_purchases(purchases)
    del purchases
    confirmed = clean_confirmations(confirmed)
    stages.done("clean")

    details = reconcile(kept, confirmed)
    stages.done("reconcile")

    out.mkdir(parents=True, exist_ok=True)
    write_curated(kept, out / "purchases_curated.csv", with_arrow)
    stages.done("write_curated")
    summary = summarise(details)
    write_details(details, summary, out / "reconciliation.json", with_arrow)
    stages.done("write_reconciliation")

    days = kept["at"] // (86_400 * MICROS)
    revenue = kept["revenue"].groupby([days, kept["campaign_norm"]], observed=True).sum()
    cells = {
        (str(np.datetime64(int(on), "D")), campaign): int(micros)
        for (on, campaign), micros in revenue.items()
    }
    for name, rows in small_reports(day, cells, costs, dau).items():
        write_json(out / f"{name}.json", rows)
    sync_files(out)
    stages.done("reports_and_sync")
    counts = {"kept": len(kept), "confirmations": len(confirmed), "dau": dau, **summary}
    versions = {"pandas": pd.__version__, "pyarrow": pa.__version__, "python": sys.version.split()[0]}
    stages.report(versions, counts)


def read_text(path, columns=None):
    return pd.read_csv(path, engine="pyarrow", dtype=str, usecols=columns, keep_default_na=False)


def read_sales(path, columns):
    """The columns with `at` and `micros` instead of their texts: UNREADABLE where they are that."""
    rows = read_text(path, columns)
    rows["at"] = instants(rows.pop("event_time_utc"))
    rows["micros"] = amounts(rows.pop("revenue_usd"))
    rows["appsflyer_id"] = rows["appsflyer_id"].str.strip()
    rows["receipt_id"] = rows["receipt_id"].str.strip()
    for name in {"event_name", "campaign", "status"} & set(columns):
        rows[name] = rows[name].astype("category")
    return rows


def instants(texts):
    # The one format with a fast parser that knows offsets; all else is looked at below.
    times = pd.to_datetime(texts, format="%Y-%m-%dT%H:%M:%S%z", errors="coerce", utc=True)
    unread = times.isna().to_numpy()
    values = times.astype("datetime64[us, UTC]").astype("int64").to_numpy().copy()
    fill_odd(values, unread, texts, lambda odd: {text: micros_of_time(text) for text in odd})
    return values


def amounts(texts):
    plain = texts.str.fullmatch(PLAIN_MONEY.strip("^$")).to_numpy(dtype=bool)
    values = np.full(len(texts), UNREADABLE)
    values[plain] = np.rint(texts[plain].astype("float64").to_numpy() * MICROS)
    fill_odd(values, ~plain, texts, micros_of_money)
    return values


def fill_odd(values, where, texts, meanings_of):
    """Each distinct text that the fast way could not read is read once, in Python."""
    if not where.any():
        return
    codes, distinct = pd.factorize(texts[where])
    meanings = meanings_of(list(distinct))
    found = [meanings[text] for text in distinct]
    table = np.array([UNREADABLE if one is None else one for one in found], dtype=np.int64)
    values[where] = table[codes]


def read_costs(path):
    rows = read_text(path)
    meanings = micros_of_money(rows["ad_cost_usd"].unique().tolist())
    costs = {}
    for day, campaign, text in zip(rows["date"], rows["campaign"], rows["ad_cost_usd"]):
        micros = meanings[text]
        if micros is not None and micros_of_time(f"{day}T00:00:00") is not None:
            key = (day, campaign_key(campaign))
            costs[key] = costs.get(key, 0) + micros
    return costs


def read_dau(path, day):
    rows = read_text(path, ["user_id", "event_timestamp_utc"])
    start = pd.Timestamp(day, tz="UTC").value // 1_000
    at = instants(rows["event_timestamp_utc"])
    users = rows["user_id"][(at >= start) & (at < start + 86_400 * MICROS)].str.strip()
    return int(users[users != ""].nunique())


def number_names(purchases, confirmed):
    """The same integer for the same id or receipt in both tables: joins of text cost ten times more."""
    for name in ("appsflyer_id", "receipt_id"):
        codes, _ = pd.factorize(pd.concat([purchases[name], confirmed[name]], ignore_index=True))
        purchases[f"{name}_no"] = codes[: len(purchases)]
        confirmed[f"{name}_no"] = codes[len(purchases) :]


def folded(column, meaning):
    """A category through a Python function, once per distinct text."""
    categories = column.cat.categories
    codes, distinct = pd.factorize(pd.Index([meaning(text) for text in categories], dtype=object))
    return pd.Categorical.from_codes(codes[column.cat.codes], categories=distinct)


def fold(text):
    return text.strip().lower()


def clean_purchases(rows):
    status = folded(rows["status"], fold)
    rows["event_folded"] = folded(rows["event_name"], fold)
    rows["campaign_norm"] = folded(rows["campaign"], campaign_key)
    is_chargeback = (status == "chargeback") & (rows["receipt_id"] != "").to_numpy()
    chargebacks = rows.loc[is_chargeback, ["receipt_id_no", "appsflyer_id_no"]].drop_duplicates()
    kept = rows[
        (status == "success")
        & rows["event_folded"].isin(PURCHASE_EVENTS)
        & (rows["appsflyer_id"] != "")
        & (rows["at"] != UNREADABLE)
        & (rows["micros"] > 0)
    ]
    kept = without_duplicates(kept).sort_values("at", kind="stable", ignore_index=True)
    charged = kept["receipt_id_no"].isin(chargebacks["receipt_id_no"]).to_numpy()
    owners = kept.loc[charged, ["receipt_id_no", "appsflyer_id_no"]].merge(
        chargebacks, on="receipt_id_no", suffixes=("", "_owner")
    )
    foreign = owners.loc[
        owners["appsflyer_id_no"] != owners["appsflyer_id_no_owner"], "receipt_id_no"
    ]
    has_receipt = (kept["receipt_id"] != "").to_numpy()
    kept["revenue"] = np.where(charged, 0, kept["micros"])
    kept["flags"] = flag_texts(
        {
            "campaign_differs": kept.pop("campaign_differs").to_numpy(),
            "chargeback": charged,
            "duplicate_receipt": has_receipt & kept["receipt_id_no"].duplicated(keep=False).to_numpy(),
            "receipt_on_two_players": kept["receipt_id_no"].isin(foreign).to_numpy(),
        }
    )
    return kept


def numbers_of(flags):
    return sum(mask.astype(np.int8) << bit for bit, mask in enumerate(flags.values()))


def combinations(names):
    return [
        [name for bit, name in enumerate(names) if number & (1 << bit)]
        for number in range(1 << len(names))
    ]


def flag_texts(flags):
    texts = [";".join(names) for names in combinations(flags)]
    return pd.Categorical.from_codes(numbers_of(flags), categories=texts)


def without_duplicates(kept):
    """Only rows that share player and instant with another can be duplicates: few, looked at closely."""
    key = ["appsflyer_id_no", "at", "event_folded", "micros"]
    shared = kept.duplicated(["appsflyer_id_no", "at"], keep=False)
    single = kept[~shared].assign(campaign_differs=False)
    close = kept[shared].sort_values(["receipt_id", "campaign_norm"])
    groups = close.groupby(key, observed=True)
    has_receipt = close["receipt_id"] != ""
    close["campaign_differs"] = groups["campaign_norm"].transform("nunique") > 1
    some_receipt = has_receipt.groupby([close[name] for name in key], observed=True).transform("any")
    close = close[has_receipt | ~some_receipt].drop_duplicates([*key, "receipt_id_no"])
    return pd.concat([single, close])


def clean_confirmations(rows):
    rows = rows[
        (rows["appsflyer_id"] != "") & (rows["at"] != UNREADABLE) & (rows["micros"] > 0)
    ]
    rows = rows.drop_duplicates(["appsflyer_id_no", "at", "micros", "receipt_id_no"])
    return rows.sort_values("at", kind="stable", ignore_index=True)


def pair_key(rows):
    """Player and receipt as one integer."""
    return (rows["appsflyer_id_no"].to_numpy(np.int64) << 32) | rows["receipt_id_no"].to_numpy()


def reconcile(kept, confirmed):
    """For each row of a result the numbers of its purchase and confirmation, −1 for none."""
    offers = pd.DataFrame({"key": pair_key(confirmed), "confirmation": confirmed.index})
    offers = offers[(confirmed["receipt_id"] != "").to_numpy()].drop_duplicates("key")
    wanted = pd.DataFrame({"key": pair_key(kept), "purchase": kept.index})
    wanted = wanted[(kept["receipt_id"] != "").to_numpy()]
    by_receipt = wanted.merge(offers, on="key")

    rest = kept.loc[~mask_of(len(kept), by_receipt["purchase"]), ["at", "appsflyer_id_no"]]
    left = confirmed.loc[~mask_of(len(confirmed), by_receipt["confirmation"])]
    near = pd.merge_asof(
        rest.reset_index(names="purchase"),
        left[["at", "appsflyer_id_no"]].reset_index(names="confirmation"),
        on="at",
        by="appsflyer_id_no",
        direction="nearest",
        tolerance=WINDOW_S * MICROS,
    )
    near["confirmation"] = near["confirmation"].fillna(-1).astype(np.int64)
    used = mask_of(len(confirmed), by_receipt["confirmation"])
    used[near.loc[near["confirmation"] >= 0, "confirmation"]] = True
    alone = np.flatnonzero(~used)
    purchase = np.concatenate([by_receipt["purchase"], near["purchase"], np.full(len(alone), -1)])
    confirmation = np.concatenate([by_receipt["confirmation"], near["confirmation"], alone])
    is_receipt = np.arange(len(purchase)) < len(by_receipt)
    return details_of(kept, confirmed, purchase, confirmation, is_receipt)


def mask_of(length, places):
    mask = np.zeros(length, dtype=bool)
    mask[places] = True
    return mask


RULES = pd.CategoricalDtype(["receipt", "time"])
TYPES = pd.CategoricalDtype(["matched", "af_only", "confirmed_only"])


def details_of(kept, confirmed, purchase, confirmation, is_receipt):
    at = taken(kept["at"], purchase, UNREADABLE)
    cf_at = taken(confirmed["at"], confirmation, UNREADABLE)
    event_at = np.where(purchase >= 0, at, cf_at)
    order = np.argsort(event_at, kind="stable")
    purchase, confirmation, is_receipt = purchase[order], confirmation[order], is_receipt[order]
    at, cf_at, event_at = at[order], cf_at[order], event_at[order]
    has_purchase, has_confirmation = purchase >= 0, confirmation >= 0
    is_pair = has_purchase & has_confirmation
    apart = np.where(is_pair, (cf_at - at) / MICROS, np.nan)
    cf_micros = taken(confirmed["micros"], confirmation, 0)
    receipt, cf_receipt = (
        taken(rows["receipt_id_no"], places, -1)
        for rows, places in ((kept, purchase), (confirmed, confirmation))
    )
    both = (taken(kept["receipt_id"] != "", purchase, False)) & (
        taken(confirmed["receipt_id"] != "", confirmation, False)
    )
    flags = {
        "amount_mismatch": is_pair & (taken(kept["micros"], purchase, 0) != cf_micros),
        "outside_window": is_receipt & (np.abs(apart) > WINDOW_S),
        "receipt_mismatch": is_pair & ~is_receipt & both & (receipt != cf_receipt),
    }
    names = [
        pd.concat([kept[name], confirmed[name]], ignore_index=True)
        .take(np.where(has_purchase, purchase, confirmation + len(kept)))
        .array
        for name in ("appsflyer_id", "receipt_id")
    ]
    revenue = np.where(has_purchase, taken(kept["revenue"], purchase, 0), cf_micros) / MICROS
    types = np.where(is_pair, 0, np.where(has_purchase, 1, 2))
    rules = np.where(is_pair, np.where(is_receipt, 0, 1), -1)
    return pd.DataFrame(
        {
            "type": pd.Categorical.from_codes(types, dtype=TYPES),
            "appsflyer_id": names[0],
            **{"at": at, "cf_at": cf_at, "event_at": event_at},
            "revenue_usd": revenue,
            "confirmed_revenue_usd": np.where(has_confirmation, cf_micros / MICROS, np.nan),
            "receipt_id": names[1],
            "rule": pd.Categorical.from_codes(rules, dtype=RULES),
            "seconds_apart": apart,
            "flags": numbers_of(flags),
        },
        copy=False,
    )


FLAGS = combinations(["amount_mismatch", "outside_window", "receipt_mismatch"])


def taken(column, places, missing):
    values = column.to_numpy()[places]
    values[places < 0] = missing
    return values


def summarise(details):
    groups = details.groupby("type", observed=False)["revenue_usd"]
    count, usd = groups.size(), groups.sum().round(6)
    rules = details["rule"].value_counts()
    return {
        **{name: int(count[name]) for name in TYPES.categories},
        **{f"matched_by_{rule}": int(rules[rule]) for rule in RULES.categories},
        "amount_mismatch": int((details["flags"] & 1).sum()),
        "revenue_usd": {name: float(usd[name]) for name in TYPES.categories},
    }


def time_texts(micros):
    """`YYYY-MM-DDTHH:MM:SSZ`, and a fraction only where there is one; null where UNREADABLE."""
    missing = micros == UNREADABLE
    fraction = ~missing & (micros % MICROS != 0)
    texts = iso(pa.array(micros // MICROS, mask=missing).cast(pa.timestamp("s")))
    if fraction.any():
        exact = iso(pa.array(micros[fraction]).cast(pa.timestamp("us")))
        exact = pc.replace_substring_regex(exact, r"0+Z$", "Z")
        texts = pc.replace_with_mask(texts, pa.array(fraction), exact)
    return pd.Series(texts, dtype=pd.ArrowDtype(pa.string()))


def iso(timestamps):
    text = pc.utf8_replace_slice(timestamps.cast(pa.string()), 10, 11, "T")
    return pc.binary_join_element_wise(text, "Z", "")


def write_curated(kept, path, with_arrow):
    table = pd.DataFrame(
        {
            "appsflyer_id": spreadsheet_safe(kept["appsflyer_id"]),
            "event_name": safe_category(kept["event_name"]),
            "event_time_utc": time_texts(kept["at"].to_numpy()),
            "revenue_usd": kept["revenue"] / MICROS,
            "campaign": safe_category(kept["campaign"]),
            "receipt_id": spreadsheet_safe(kept["receipt_id"]),
            "status": safe_category(kept["status"]),
            "campaign_norm": safe_category(kept["campaign_norm"]),
            "original_revenue_usd": kept["micros"] / MICROS,
            "flags": kept["flags"],
        },
        copy=False,
    )
    if not with_arrow:
        table.to_csv(path, index=False)
        return
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    plain = [
        column.cast(pa.large_string()) if pa.types.is_dictionary(column.type) else column
        for column in arrow.columns
    ]
    arrow = pa.table(plain, names=arrow.column_names)
    pacsv.write_csv(arrow, path, pacsv.WriteOptions(quoting_style="needed"))


def spreadsheet_safe(column):
    """Cells that a spreadsheet would run get an apostrophe."""
    runs = column.str.match(r"[=+\-@]")
    return column.mask(runs, "'" + column[runs]) if runs.any() else column


def safe_category(column):
    return column.cat.rename_categories(
        {one: f"'{one}" for one in column.cat.categories if one[:1] in ("=", "+", "-", "@")}
    )


def write_details(details, summary, path, with_arrow):
    text_of = arrow_json if with_arrow else pandas_json
    with open(path, "wb") as file:
        file.write(f'{{"summary": {json.dumps(summary)}, "details": ['.encode())
        # Slices: the text of all details at once would be gigabytes.
        for start in range(0, len(details), DETAIL_ROWS):
            file.write(b"," if start > 0 else b"")
            file.write(text_of(details.iloc[start : start + DETAIL_ROWS]))
        file.write(b"]}")


def with_times(rows):
    texts = {
        f"{name}_time_utc": time_texts(rows[column].to_numpy()).array
        for name, column in (("af_event", "at"), ("cf_event", "cf_at"), ("event", "event_at"))
    }
    return {
        **{"type": rows["type"].array, "appsflyer_id": rows["appsflyer_id"].array},
        **texts,
        **{
            name: rows[name].array
            for name in ("revenue_usd", "confirmed_revenue_usd", "receipt_id", "rule")
        },
        "seconds_apart": rows["seconds_apart"].array,
    }


def pandas_json(rows):
    flags = np.empty(len(rows), dtype=object)
    lists = np.empty(len(FLAGS), dtype=object)
    lists[:] = FLAGS
    flags[:] = lists[rows["flags"].to_numpy()]
    table = pd.DataFrame({**with_times(rows), "flags": flags}, copy=False)
    return table.to_json(orient="records", force_ascii=False)[1:-1].encode()


def arrow_json(rows):
    pieces = []
    for name, column in with_times(rows).items():
        pieces.append(pa.scalar(f'{"," if pieces else "{"}"{name}":', pa.large_string()))
        pieces.append(json_values(pa.array(column)))
    lists = pa.array([json.dumps(names) for names in FLAGS], pa.large_string())
    pieces.append(pa.scalar(',"flags":', pa.large_string()))
    pieces.append(lists.take(pa.array(rows["flags"].to_numpy())))
    pieces.append(pa.scalar("}", pa.large_string()))
    objects = pc.binary_join_element_wise(*pieces, pa.scalar("", pa.large_string()))
    lengths = pa.array([0, len(objects)], pa.int64())
    every = pa.LargeListArray.from_arrays(lengths, one_chunk(objects))
    return pc.binary_join(every, pa.scalar(",", pa.large_string()))[0].as_buffer()


def one_chunk(array):
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def json_values(array):
    array = one_chunk(array)
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
        return pc.coalesce(array.cast(pa.large_string()), "null")
    text = array.cast(pa.large_string())
    if pc.any(pc.match_substring_regex(text, r'["\\\x00-\x1f]')).as_py():
        text = pa.array(
            [None if one is None else json.dumps(one)[1:-1] for one in text.to_pylist()],
            pa.large_string(),
        )
    quote = pa.scalar('"', pa.large_string())
    quoted = pc.binary_join_element_wise(quote, text, quote, pa.scalar("", pa.large_string()))
    return pc.coalesce(quoted, "null")


if __name__ == "__main__":
    arguments = [one for one in sys.argv[1:] if one != "--arrow"]
    main(Path(arguments[0]), Path(arguments[1]), arguments[2], "--arrow" in sys.argv)
