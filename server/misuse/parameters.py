"""Every number that the rules against misuse go by, in one place, each with its reason. They are open: anybody may look them up."""

from __future__ import annotations

from typing import Final

VAGUE_S: Final = 120.0
"""A vote whose time may be further from the truth is left alone by every rule that looks at times."""
CHANCE: Final = 1e-3
"""How rarely what a rule takes for misuse may come about by itself, on one terminal in a day."""
ALIKE: Final = 0.85
"""The share of one answer from which on votes in a row are alike: one hand repeats itself, a family or a school class does not."""
HISTORY_DAYS: Final = 28
"""How far back a terminal's own habits are looked up; four weeks hold each weekday as often."""
KNOWN_DAYS: Final = 7
"""Of how many days something must be known before a terminal has habits."""

PACE_S: Final = 6.5
"""What different people need at least from one vote to the next, on average: 4 s of thanks, then one leaves and one steps up and reads."""
PACE_VOTES: Final = 8
"""So many alike votes faster than PACE_S are a burst; a family is smaller."""
QUICK_S: Final = 5.2
"""No two people follow one another within this, time after time: the thanks alone stay for 4 s."""
QUICK_VOTES: Final = 6
"""So many votes, each within QUICK_S of the one before, are a burst whatever they say."""
BUSY_S: Final = 600.0
"""The window in which votes are compared with the busiest of the terminal's own history."""
BUSY_TIMES: Final = 1.5
"""So many times more votes than that busiest window, and alike, are a burst."""
BUSY_VOTES: Final = 20
"""But not fewer than these."""

BEFORE_OPENING_S: Final = 1800.0
"""Who comes before opening waits at the door; staff are there."""
AFTER_CLOSING_S: Final = 2700.0
"""The last visitors are served after the doors have closed."""

RHYTHM_S: Final = (4.0, 180.0)
"""The shortest and the longest beat that is looked for."""
RHYTHM_OFF_S: Final = 0.6
"""How far a press may be from the beat: a hand with a watch,"""
RHYTHM_OFF_SHARE: Final = 0.04
"""and so much of the beat more."""
RHYTHM_VOTES: Final = 7
"""The fewest votes that make a rhythm."""
RHYTHM_STARTS: Final = 4
"""How many of the next votes may be the second beat: others vote in between."""

TICKETED: Final = 0.6
"""A terminal at which this share of votes had a ticket is one where votes usually have one;"""
TICKETED_VOTES: Final = 100
"""known from this many votes at least."""
NO_TICKET_VOTES: Final = 6
"""The fewest votes without tickets that belong together; a family comes with one ticket."""
NO_TICKET_ALIKE: Final = 0.75
"""The share of one answer among those; others without a ticket may stand among them."""
NO_TICKET_S: Final = 1800.0
"""What lasts longer is a scanner that does not read, rather than a hand."""
NO_TICKET_AROUND_S: Final = (180.0, 1800.0)
"""So near before and after them others are looked at:"""
NO_TICKET_AROUND: Final = 3
"""where these many and most have no ticket either, the scanner does not read, or a school class is there."""

BURY_WITHIN_S: Final = 300.0
"""How soon after a bad vote it is buried."""
BURY_GAP_S: Final = 30.0
"""The longest pause between those good votes."""
BURY_VOTES: Final = 5
"""The fewest good votes that bury a bad one."""
BURY_AROUND_S: Final = 3600.0
"""How far around them the terminal's own pace is looked up."""

PEAK_HOURS: Final = 2
"""How many hours of a terminal's day are its peak."""
PEAK_VOTES: Final = 3.0
"""So many votes an hour and day must those bring, or nobody misses the terminal."""
PEAK_MISSING_S: Final = 1200.0
"""Missing so long within its peak, while another terminal of the site works, is worth a look."""
