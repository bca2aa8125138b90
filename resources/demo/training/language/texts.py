"""Everything that is no story: dialogues, sums, lists, facts, riddles, letters."""
import lexicon as lex
from phrases import Person, article, capital, count, listed, number, two_people


def dialogue(r):
    a, b = two_people(r)
    noun = r.choice(lex.FOODS)
    price = r.randint(1, 5)
    want = r.randint(2, 6)
    day = r.randrange(7)
    place = r.choice(lex.PLACES)[0]
    kind = r.randrange(3)
    coin = ("coin", "coins")
    if kind == 0:
        pay = r.randint(price * want, 30)
        lines = [(a, f"Good morning, {b.name}. Do you have {noun[1]} today?"),
                 (b, f"Good morning, {a.name}. Yes, one {noun[0]} costs {count(price, coin)}."),
                 (a, f"Then I take {count(want, noun)}."),
                 (b, f"That makes {number(price * want)} coins."),
                 (a, f"Here are {number(pay)} coins." if pay > 1 else "Here is one coin."),
                 (b, f"Thank you. You get {count(pay - price * want, coin)} back." if pay > price * want else
                  "Thank you. That is exactly right."),
                 (a, f"Goodbye, {b.name}."), (b, f"Goodbye, {a.name}. Enjoy your {noun[1]}.")]
    elif kind == 1:
        hour = r.randint(1, 9)
        later = r.randint(1, 3)
        lines = [(a, f"Hello, {b.name}. What are you doing on {lex.DAYS[day]}?"),
                 (b, f"I am going to the {place}. Do you want to come with me?"),
                 (a, f"Yes, I like the {place}. When do we meet?"),
                 (b, f"At {number(hour)}. It takes {count(later, ('hour', 'hours'))} to get there."),
                 (a, f"So we will be at the {place} at {number(hour + later)}."),
                 (b, f"That is right. See you on {lex.DAYS[day]}, {a.name}."),
                 (a, f"See you on {lex.DAYS[day]}.")]
    else:
        thing = r.choice(lex.THINGS)[0]
        colour, other = r.sample(lex.COLOURS, 2)
        hidden = r.choice(lex.HIDING)
        lines = [(a, f"I cannot find my {thing}."), (b, f"Is it {colour}?"),
                 *([(a, f"Yes, it is {colour}."), (b, f"Then I know where it is. There is {article(colour + ' ' + thing)} {hidden}.")]
                   if r.random() < 0.6 else
                   [(a, f"No, it is {other}."), (b, f"Then it is not the one {hidden}. That one is {colour}."),
                    (a, f"What a pity. I will look for my {other} {thing} somewhere else."),
                    (b, f"I hope that you will find it, {a.name}.")]),
                 (a, f"Thank you, {b.name}."), (b, f"You are welcome, {a.name}.")]
    return "\n".join(f"{who.name}: {said}" for who, said in lines)


def sums(r):
    lines = []
    for _ in range(r.randint(4, 9)):
        kind = r.randrange(4)
        x, y = r.randint(0, 20), r.randint(0, 20)
        if kind == 0:
            lines.append(f"{x} + {y} = {x + y}")
        elif kind == 1:
            lines.append(f"{max(x, y)} - {min(x, y)} = {max(x, y) - min(x, y)}")
        elif kind == 2:
            x, y = r.randint(1, 10), r.randint(1, 10)
            lines.append(f"{x} * {y} = {x * y}")
        else:
            x, y = r.randint(0, 10), r.randint(0, 10)
            lines.append(f"{capital(number(x))} plus {number(y)} is {number(x + y)}.")
    return "\n".join(lines)


def ladder(r):
    """A sequence that goes on by a rule."""
    step, start = r.randint(1, 10), r.randint(0, 20)
    n = r.randint(6, 10)
    if r.random() < 0.3:
        return f"Count down from {start + step * n} by {step}: " + ", ".join(str(start + step * i) for i in range(n, -1, -1)) + "."
    return f"Count by {step} from {start}: " + ", ".join(str(start + step * i) for i in range(n)) + "."


def shopping(r):
    who = Person(r)
    n = r.randint(3, 6)
    nouns = r.sample(lex.FOODS, n)
    amounts = [r.randint(1, 12) for _ in nouns]
    asked = r.randrange(n)
    last = r.choice([
        f"The {lex.ORDINALS[asked]} thing on the list is {count(amounts[asked], nouns[asked])}.",
        f"How many {nouns[asked][1]} does {who.name} buy? {capital(who.he)} buys {number(amounts[asked])}."])
    lines = [f"{i + 1}. {count(a, noun)}" for i, (a, noun) in enumerate(zip(amounts, nouns))]
    return "\n".join([f"{who.name}'s shopping list:", *lines, f"There are {number(n)} things on the list. {last}"])


def fact(r):
    kind = r.randrange(12)
    if kind == 0:
        country, city = r.choice(lex.CAPITALS)
        return r.choice([f"The capital of {country} is {city}.", f"{city} is the capital of {country}."])
    if kind == 1:
        a, b = r.choice(lex.OPPOSITES)
        if r.random() < 0.5:
            a, b = b, a
        return f"The opposite of {a} is {b}."
    if kind == 2:
        what, colour = r.choice(lex.NATURAL_COLOURS)
        return f"{capital(what)} is {colour}."
    if kind in (3, 4):
        animal, young, sound, legs, home, food = r.choice(lex.ANIMALS)
        told = [f"A young {animal} is called {article(young)}.", f"The {animal} eats {food}.",
                f"{capital(article(animal))} has {number(legs) if legs else 'no'} legs.", f"The {animal} lives in {article(home)}."]
        if sound:
            told.append(f'The {animal} says "{sound}".')
        return r.choice(told)
    if kind == 5:
        d = r.randrange(7)
        return r.choice([f"The day after {lex.DAYS[d]} is {lex.DAYS[(d + 1) % 7]}.",
                         f"The day before {lex.DAYS[d]} is {lex.DAYS[(d - 1) % 7]}."])
    if kind == 6:
        m = r.randrange(12)
        return r.choice([f"The month after {lex.MONTHS[m]} is {lex.MONTHS[(m + 1) % 12]}.",
                         f"The month before {lex.MONTHS[m]} is {lex.MONTHS[(m - 1) % 12]}.",
                         f"{lex.MONTHS[m]} is month number {m + 1} of the year."])
    if kind == 7:
        base, past, done = r.choice(lex.VERBS)
        return r.choice([f"Today I {base}, yesterday I {past}, and I have {done}."])
    if kind == 8:
        one, many = r.choice(lex.PLURALS)
        return f"One {one}, two {many}."
    if kind == 9:
        trade, does, where, tool = r.choice(lex.TRADES)
        return r.choice([f"{capital(article(trade))} {does}.", f"{capital(article(trade))} works {where}.",
                         f"{capital(article(trade))} needs {tool}."])
    if kind == 10:
        letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        i = r.randrange(24)
        return f"After {letters[i]} comes {letters[i + 1]}, and after {letters[i + 1]} comes {letters[i + 2]}."
    return r.choice(lex.MISC_FACTS)


def facts(r):
    return " ".join(fact(r) for _ in range(r.randint(4, 9)))


def questions(r):
    lines = []
    for _ in range(r.randint(3, 6)):
        kind = r.randrange(6)
        if kind == 0:
            country, city = r.choice(lex.CAPITALS)
            lines += [f"Question: What is the capital of {country}?", f"Answer: {city}."]
        elif kind == 1:
            a, b = r.choice(lex.OPPOSITES)
            lines += [f"Question: What is the opposite of {a}?", f"Answer: {capital(b)}."]
        elif kind == 2:
            x, y = r.randint(1, 20), r.randint(1, 20)
            lines += [f"Question: How much is {x} + {y}?", f"Answer: {x + y}."]
        elif kind == 3:
            animal, young, sound, legs, home, food = r.choice(lex.ANIMALS)
            asked = r.choice([("How many legs does {} have?", capital(number(legs)) if legs else "None"),
                              ("What is a young {} called?", capital(article(young))), ("Where does the {} live?", f"In {article(home)}")])
            about = article(animal) if "does {}" in asked[0] else animal
            lines += ["Question: " + asked[0].format(about), f"Answer: {asked[1]}."]
        elif kind == 4:
            what, colour = r.choice(lex.NATURAL_COLOURS)
            lines += [f"Question: What colour is {what}?", f"Answer: {capital(colour)}."]
        else:
            d = r.randrange(7)
            lines += [f"Question: Which day comes after {lex.DAYS[d]}?", f"Answer: {lex.DAYS[(d + 1) % 7]}."]
    return "\n".join(lines)


def riddle(r):
    animal, young, sound, legs, home, food = r.choice([a for a in lex.ANIMALS if a[2]])
    clues = [f"I have {number(legs) if legs else 'no'} legs.", f"I live in {article(home)}.", f"I eat {food}.",
             f'I say "{sound}".', f"My child is called {article(young)}."]
    r.shuffle(clues)
    return " ".join(clues) + f" What am I? I am {article(animal)}."


def letter(r):
    a, b = two_people(r)
    place, at, view = r.choice(lex.PLACES)
    pet = r.choice(lex.PETS)
    noun = r.choice(lex.THINGS)
    n = r.randint(2, 9)
    colour = r.choice(lex.COLOURS)
    month = r.choice(lex.MONTHS)
    body = [f"I am writing to you from the {place}. When I came here, {view}.",
            f"Yesterday I bought {number(n)} {colour} {noun[1]} for you and one for my {pet}.",
            f"So I have {number(n + 1)} {noun[1]} in my bag now.",
            f"I will be home in {month}. Please tell your mother that I come in {month} with {number(n)} {colour} {noun[1]}."]
    return f"Dear {a.name},\n" + " ".join(body) + f"\nYour friend,\n{b.name}"


def inventory(r):
    """Things with colours in a room, then questions about them."""
    n = r.randint(3, 5)
    things = [t[0] for t in r.sample(lex.THINGS, n)]
    colours = r.sample(lex.COLOURS, n)
    places = r.sample(lex.HIDING, n)
    who = Person(r)
    lines = [f"{who.name} looks around the room."]
    lines += [f"{capital(article(c + ' ' + t))} is {p}." for c, t, p in zip(colours, things, places)]
    for i in r.sample(range(n), 2):
        lines.append(r.choice([f"What colour is the {things[i]}? It is {colours[i]}.",
                               f"Where is the {things[i]}? It is {places[i]}.",
                               f"What is {places[i]}? The {colours[i]} {things[i]}."]))
    return " ".join(lines)


TEXTS = [(dialogue, 4), (sums, 2), (ladder, 1), (shopping, 2), (facts, 3), (questions, 2), (riddle, 1), (letter, 2), (inventory, 3)]
