"""What both yardsticks share: odd cells one by one, the small reports, the clock, synced files.

Only distinct odd texts and tables of some hundred rows come here; everything that grows with the
data is done by the library that is measured.
"""

import json
import os
import re
import resource
import sys
import time
import unicodedata
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

PLAIN_MONEY = r"^[0-9]+\.[0-9]{1,6}$"
PLAIN_TIME = "%Y-%m-%dT%H:%M:%SZ"
WINDOW_S = 600
MICROS = 1_000_000

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(\.\d+)? ?(?:(z|utc)|([+-]\d\d):?(\d\d)?)?", re.I
)
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_SIGNS = re.compile(r"US\$|R\$|[$€£¥₹₩₽₺\s'’]|\b[A-Z]{3}\b")


def micros_of_time(text):
    """Microseconds since 1970 of one time, or None."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    day, clock, fraction, _, hours, minutes = match.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
    offset = 0 if hours is None else int(hours) * 60 + int(hours[0] + (minutes or "00"))
    part = int((fraction or ".")[1:7].ljust(6, "0"))
    return (int(at.timestamp()) - offset * 60) * MICROS + part


def micros_of_money(texts):
    """{text: micros or None} for the odd texts of one column, which decide about `1,234` together."""
    bare = {text: _SIGNS.sub("", text) for text in texts}
    thousands = any(re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+|,\d{3})", one) for one in bare.values())
    decimal = any(re.fullmatch(r"\d+(\.\d{3})*,(\d\d?|\d{4,})", one) for one in bare.values())
    return {text: _micros(one, thousands, decimal) for text, one in bare.items()}


def _micros(number, thousands, decimal):
    if re.fullmatch(r"[+-]?\d{1,3},\d{3}", number):
        if thousands == decimal:
            return None
        number = number.replace(",", "." if decimal else "")
    elif number.rfind(",") > number.rfind("."):
        number = number.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?", number):
        number = number.replace(",", "")
    if not _NUMBER.fullmatch(number) or abs(Decimal(number)) >= 10**12:
        return None
    return int((Decimal(number) * MICROS).to_integral_value(ROUND_HALF_UP))


def campaign_key(text):
    return " ".join(unicodedata.normalize("NFC", text).split()).upper() or "(NONE)"


def small_reports(day, revenue, cost, dau):
    """The reports of D-1 from {(day, campaign): micros} of the days around it."""
    last = date.fromisoformat(day)
    days = [(last - timedelta(days=back)).isoformat() for back in range(1, 8)]
    campaigns = sorted({campaign for on, campaign in revenue.keys() | cost.keys() if on == day})
    roas, anomalies, arpdau = [], [], []
    for campaign in campaigns:
        earned, spent = revenue.get((day, campaign), 0), cost.get((day, campaign), 0)
        ratio = earned / spent if spent > 0 else None
        past = [
            revenue.get((on, campaign), 0) / cost[on, campaign]
            for on in days
            if cost.get((on, campaign), 0) > 0
        ]
        status = "no_cost" if ratio is None else "ok" if earned > 0 else "no_revenue"
        head = {"date": day, "campaign": campaign}
        money = {"revenue_usd": earned / MICROS, "ad_cost_usd": spent / MICROS}
        roas.append({**head, **money, "roas": _rounded(ratio), "status": status})
        anomalies.append({**head, **_anomaly(ratio, past)})
        arpdau.append({**head, "revenue_usd": earned / MICROS, **_per_user(earned, dau)})
    total = sum(revenue.get((day, campaign), 0) for campaign in campaigns)
    arpdau.append(
        {"date": day, "campaign": "(ALL)", "revenue_usd": total / MICROS, **_per_user(total, dau)}
    )
    return {"roas_d1": roas, "roas_anomaly": anomalies, "arpdau_d1": arpdau}


def _anomaly(ratio, past):
    mean = sum(past) / len(past) if past else None
    anomaly = ratio is not None and len(past) >= 3 and (ratio == 0 or 2 * ratio < mean)
    severity, reason, suggestion = None, "ok", None
    if anomaly:
        severity = "critical" if ratio == 0 or 4 * ratio < mean else "warning"
        reason = "no_revenue" if ratio == 0 else "roas_below_half"
        suggestion = f"ROAS {ratio:.2f} against {mean:.2f} in {len(past)} days before: check spend"
    elif ratio is None:
        reason = "no_cost"
    elif len(past) < 3:
        reason = "insufficient_history"
    return {
        **{"roas_d1": _rounded(ratio), "avg7": _rounded(mean), "days": len(past)},
        **{"anomaly": anomaly, "severity": severity, "reason": reason, "suggestion": suggestion},
    }


def _per_user(earned, dau):
    return {"dau": dau, "arpdau": _rounded(earned / MICROS / dau) if dau else None}


def _rounded(ratio):
    return None if ratio is None else round(ratio, 10)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=False)


def sync_files(folder):
    """As the reports do it: nothing counts as written before it is on the disk."""
    for path in [*Path(folder).iterdir(), Path(folder)]:
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


class Stages:
    """Seconds per stage (without the start of Python and its imports), then one line of JSON."""

    def __init__(self, name):
        self.name, self.seconds, self.since = name, {}, time.perf_counter()

    def done(self, stage):
        now = time.perf_counter()
        self.seconds[stage] = round(now - self.since, 3)
        # Whoever watches our memory learns here which stage it was needed for.
        print(stage, file=sys.stderr, flush=True)
        self.since = time.perf_counter()

    def report(self, versions, counts):
        usage = resource.getrusage(resource.RUSAGE_SELF)
        # Kibibytes on Linux.
        peak = usage.ru_maxrss / 1024
        total = round(sum(self.seconds.values()), 3)
        print(
            json.dumps(
                {
                    **{"program": self.name, "versions": versions, "seconds": total},
                    "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
                    **{"stages": self.seconds, "peak_rss_mib": round(peak), "counts": counts},
                }
            )
        )
