#!/usr/bin/env python3
"""Makes change-events.ndjson: some weeks in the life of an invented online shop.

    python3 make-sample.py            write change-events.ndjson beside this file
    python3 make-sample.py --totals   print the totals that README.md quotes, and write nothing

The same bytes come out at every run: the seed is fixed, the clock is the simulation's own, and of Python's
random numbers only `random()` is used, whose sequence is the same in every version of Python 3.
"""

import heapq
import json
import pathlib
import random
import sys
from collections import Counter
from datetime import datetime, timedelta, timezone

SEED = 1_750_000_000
LINES = 5_000
OPENING = datetime(2026, 3, 2, 7, 0, tzinfo=timezone.utc)

NOUNS = [
    "Teekanne", "bol à café", "linen apron", "oak tray", "brass lantern", "木製スプーン", "wool throw", "κεραμικό πιάτο",
    "cast-iron pan", "beeswax candle", "smörkniv", "copper kettle", "handwoven basket", "salt cellar", "rolling pin",
    "bread knife", "honey dipper", "glass carafe", "spice jar", "cedar box", "dish brush", "café filter", "pepper mill",
    "tea towel", "mortar & pestle", "egg cup", "butter dish", "colander", "fruit bowl", "plant pot",
]
STYLES = ["small", "large", "blå", "rouge", "natural", "grün", "“classic”", "no. 7"]
CITIES = ["Malmö", "Łódź", "Köln", "Porto", "Αθήνα", "Reykjavík", "Brno", "Saint-Étienne", "Tartu", "Zürich", "Gdańsk"]
NAMES = [
    "Ásta", "Zoë", "Jürgen", "María", "Łukasz", "Nora", "Σοφία", "Bram", "Chloé", "Søren", "Ines", "Tomáš", "美咲",
    "Aino", "Rafael", "Maeve",
]
NOTES = ["Klingel defekt 🔔", "leave with the neighbour", "cadeau 🎁", 'ring "Nyström" twice', "after 17:00, bitte"]
STEPS = ["paid", "packed", "shipped", "delivered"]


class Shop:
    """Everything that exists at one moment of the simulation, and the lines written so far."""

    def __init__(self):
        self.random = random.Random(SEED).random
        self.now = OPENING
        self.plans = []  # heap of (time, sequence, action, arguments)
        self.planned = 0
        self.live = {}  # key -> value, of what exists now
        self.revisions = Counter()  # key -> last revision, never reset, not even by a deletion
        self.lines = []
        self.skus = []
        self.orders = 0

    # Chance, built on random() alone.

    def below(self, bound):
        return int(self.random() * bound)

    def pick(self, choices):
        return choices[self.below(len(choices))]

    def skewed(self, count):
        """An index below `count`; low ones are far more frequent, as in a shop's best-sellers."""
        return int(count * self.random() ** 3.2)

    def happens(self, chance):
        return self.random() < chance

    # The clock and the plans.

    def plan(self, minutes, action, *arguments):
        when = self.now + timedelta(milliseconds=int(minutes * 60_000 * (0.4 + 1.2 * self.random())))
        heapq.heappush(self.plans, (when, self.planned, action, arguments))
        self.planned += 1

    def run(self):
        for _ in range(90):
            self.add_product()
        self.plan(3, self.visit)
        self.plan(60 * 20, self.catalogue_day)
        while len(self.lines) < LINES:
            self.now, _, action, arguments = heapq.heappop(self.plans)
            action(*arguments)
        del self.lines[LINES:]

    # The one place where a line is written: consistent per key.

    def write(self, key, value):
        change = "DELETED" if value is None else "MODIFIED" if key in self.live else "ADDED"
        if value is None:
            del self.live[key]
        else:
            self.live[key] = value
        self.revisions[key] += 1
        event = {
            "key": key,
            "change": change,
            "revision": self.revisions[key],
            "time": self.now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "value": value,
        }
        self.lines.append(json.dumps(event, ensure_ascii=False, separators=(",", ":")))

    def change(self, key, **fields):
        self.write(key, {**self.live[key], **fields})

    # The catalogue.

    def add_product(self):
        sku = f"{len(self.skus) + 1:04d}"
        self.skus.append(sku)
        name = f"{self.pick(STYLES)} {self.pick(NOUNS)}"
        self.write(f"products/{sku}", {"name": name, "cents": 300 + 50 * self.below(180), "currency": "EUR"})
        self.write(f"stock/{sku}", {"available": 40 + self.below(160), "reserved": 0})

    def catalogue_day(self):
        for _ in range(self.below(4)):
            self.add_product()
        for _ in range(8):
            key = f"products/{self.pick(self.skus)}"
            if key in self.live:
                self.change(key, cents=max(100, int(self.live[key]["cents"] * (0.8 + 0.4 * self.random()))))
        sku = self.pick(self.skus)
        if self.happens(0.7) and self.live.get(f"stock/{sku}", {"reserved": 1})["reserved"] == 0:
            self.write(f"products/{sku}", None)
            self.write(f"stock/{sku}", None)
        self.plan(60 * 24, self.catalogue_day)

    # A visit: a cart is filled, then ordered or forgotten.

    def visit(self):
        customer = f"c{self.skewed(420):03d}"
        cart = f"carts/{customer}"
        wanted = [self.skus[self.skewed(len(self.skus))] for _ in range(1 + self.below(3))]
        for sku in wanted:
            if f"stock/{sku}" not in self.live:
                continue
            items = dict(self.live[cart]["items"]) if cart in self.live else {}
            items[sku] = items.get(sku, 0) + 1
            self.write(cart, {"items": items})
        if cart in self.live:
            self.plan(9, self.order if self.happens(0.72) else self.forget, customer)
        busy = 8 <= self.now.hour < 22
        self.plan(11 if busy else 55, self.visit)

    def forget(self, customer):
        if f"carts/{customer}" in self.live:
            self.write(f"carts/{customer}", None)

    def order(self, customer):
        """One transaction of the shop: its changes carry the same time and stand together."""
        cart = f"carts/{customer}"
        if cart not in self.live:
            return
        items = {sku: count for sku, count in self.live[cart]["items"].items() if f"stock/{sku}" in self.live}
        if not items:
            return self.forget(customer)
        self.orders += 1
        order = f"orders/{1000 + self.orders}"
        cents = sum(self.live[f"products/{sku}"]["cents"] * count for sku, count in items.items())
        value = {"customer": customer, "items": items, "cents": cents, "state": "placed"}
        if self.happens(0.12):
            value["note"] = self.pick(NOTES)
        if f"customers/{customer}" not in self.live:
            city = self.pick(CITIES)
            self.write(f"customers/{customer}", {"name": self.pick(NAMES), "city": city, "orders": 1})
        else:
            self.change(f"customers/{customer}", orders=self.live[f"customers/{customer}"]["orders"] + 1)
        self.write(order, value)
        for sku, count in items.items():
            self.move_stock(sku, available=-count, reserved=count)
        self.write(cart, None)
        if self.happens(0.07):
            self.plan(50, self.cancel, order)
        else:
            self.plan(25, self.advance, order, 0)

    # An order's life.

    def advance(self, order, step):
        self.change(order, state=STEPS[step])
        if STEPS[step] == "shipped":
            for sku, count in self.live[order]["items"].items():
                self.move_stock(sku, available=0, reserved=-count)
        if step + 1 < len(STEPS):
            self.plan([0, 300, 1_500, 2_800][step + 1], self.advance, order, step + 1)
        else:
            self.plan(60 * 24 * 2, self.archive, order)

    def cancel(self, order):
        self.change(order, state="cancelled")
        for sku, count in self.live[order]["items"].items():
            self.move_stock(sku, available=count, reserved=-count)
        self.plan(60 * 12, self.archive, order)

    def archive(self, order):
        self.write(order, None)

    def move_stock(self, sku, available, reserved):
        key = f"stock/{sku}"
        stock = self.live[key]
        left = stock["available"] + available
        if left < 5:
            left += 120  # a delivery arrives just in time
        self.write(key, {"available": left, "reserved": stock["reserved"] + reserved})


def totals(lines):
    """The figures of README.md, counted from the lines themselves."""
    changes, kinds, keys, live = Counter(), Counter(), Counter(), set()
    for line in lines:
        event = json.loads(line)
        changes[event["change"]] += 1
        kinds[event["key"].split("/")[0]] += 1
        keys[event["key"]] += 1
        (live.discard if event["change"] == "DELETED" else live.add)(event["key"])
    yield f"lines: {len(lines)}"
    yield f"bytes: {sum(len(line.encode()) + 1 for line in lines)}"
    yield from (f"{change}: {changes[change]}" for change in ("ADDED", "MODIFIED", "DELETED"))
    yield from (f"{kind}/: {count}" for kind, count in sorted(kinds.items()))
    yield f"distinct keys: {len(keys)}"
    yield f"live keys at the end: {len(live)}"
    frequent = keys.most_common()
    yield f"busiest key: {frequent[0][0]} ({frequent[0][1]} changes)"
    tenth = sum(count for _, count in frequent[: len(frequent) // 10])
    yield f"changes of the busiest tenth of the keys: {100 * tenth / len(lines):.0f} %"
    yield f"keys that changed once: {sum(count == 1 for _, count in frequent)}"


def main():
    shop = Shop()
    shop.run()
    if "--totals" in sys.argv[1:]:
        print("\n".join(totals(shop.lines)))
        return
    path = pathlib.Path(__file__).with_name("change-events.ndjson")
    path.write_bytes("".join(line + "\n" for line in shop.lines).encode("utf-8"))


if __name__ == "__main__":
    main()
