"""How English joins the words: articles, plurals, numbers as words, lists, pronouns."""
import lexicon as lex


def article(phrase):
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def number(n):
    return lex.NUMBERS[n] if n < len(lex.NUMBERS) else str(n)


def count(n, noun):
    """noun: (singular, plural); "three apples", "one apple"."""
    return f"{number(n)} {noun[0] if n == 1 else noun[1]}"


def listed(items):
    if len(items) == 1:
        return items[0]
    return ", ".join(items[:-1]) + " and " + items[-1]


def capital(sentence):
    return sentence[0].upper() + sentence[1:]


class Person:
    """A character: name and pronouns, so that later sentences agree with earlier ones."""

    def __init__(self, random, taken=()):
        girl = random.random() < 0.5
        self.name = random.choice([n for n in (lex.GIRLS if girl else lex.BOYS) if n not in taken])
        self.he, self.him, self.his = ("she", "her", "her") if girl else ("he", "him", "his")
        self.child = "girl" if girl else "boy"

    @property
    def He(self):
        return capital(self.he)

    @property
    def His(self):
        return capital(self.his)


def two_people(random):
    first = Person(random)
    return first, Person(random, taken=(first.name,))
