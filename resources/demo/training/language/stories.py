"""Stories whose end depends on their beginning: who, which colour, how many and where are said once and needed again."""
import lexicon as lex
from phrases import Person, article, capital, count, listed, number, two_people


def opening(r, who, pet=None):
    place, at, view = r.choice(lex.PLACES)
    first = r.choice([
        f"Once upon a time there was a {who.child} named {who.name}.",
        f"There was once a {r.choice(['kind', 'clever', 'brave', 'quiet', 'cheerful'])} {who.child} called {who.name}.",
        f"{who.name} was a {r.choice(['kind', 'clever', 'brave', 'quiet', 'cheerful'])} {who.child} who lived near {article(place)}.",
        f"{who.name} lived with {who.his} {r.choice(['grandmother', 'mother', 'father', 'aunt', 'uncle'])} in a {r.choice(lex.SIZES[:2])} house."])
    second = r.choice([
        f"{r.choice(lex.TIMES)} {who.he} was {at} the {place}, where {view}.",
        f"{r.choice(lex.TIMES)} {who.he} went to the {place}. There {view}.",
        f"{r.choice(lex.TIMES)} {who.he} walked to the {place} because {who.he} wanted to be outside."])
    return f"{first} {second}", (place, at)


def closing(r, who, friend):
    return r.choice([
        f"They were friends from that day on.", f"{who.name} never forgot that day.",
        f"Then {who.name} and {friend} went home together.", f"{who.name} told {friend} the whole story at dinner.",
        f"That night {who.he} slept very well.", f"{friend} smiled, and {who.name} smiled too.",
        f"It had been a good day for both of them."])


def lost_thing(r):
    """Colour, thing and hiding place come back at the end."""
    who, friend = two_people(r)
    start, (place, at) = opening(r, who)
    thing, _ = r.choice(lex.THINGS)
    colour = r.choice(lex.COLOURS)
    hidden = r.choice(lex.HIDING)
    wrong = r.choice([c for c in lex.COLOURS if c != colour])
    mood, deed = r.choice(lex.MOODS)
    search = r.sample([h for h in lex.HIDING if h != hidden], 2)
    return " ".join([
        start,
        f"{who.name} had {article(colour + ' ' + thing)} that {who.he} loved very much.",
        r.choice([f"But when {who.he} looked for it, the {colour} {thing} was gone.",
                  f"But the {thing} was not in {who.his} bag any more."]),
        f"{who.He} was {r.choice(['sad', 'worried', 'afraid'])} and asked {who.his} friend {friend.name} for help.",
        f'"Have you seen my {thing}?" {who.he} asked. "It is {colour}."',
        r.choice([f'"No," said {friend.name}, "but I will help you to look for it."',
                  f'"I saw {article(wrong + " one")}," said {friend.name}, "but not {article(colour + " one")}."']),
        f"They looked {search[0]}, but it was not there. They looked {search[1]}, but it was not there.",
        f"At last {friend.name} looked {hidden}.",
        f'"Here it is!" {friend.he} said. It was the {colour} {thing}.',
        r.choice([f"{who.name} was happy again and thanked {friend.him}.",
                  f"{who.name} took the {thing} and hugged {friend.him}."]),
        closing(r, who, friend.name)])


def counting(r):
    """The numbers add up."""
    who, friend = two_people(r)
    start, _ = opening(r, who)
    noun = r.choice(lex.FOODS + lex.THINGS)
    have = r.randint(2, 12)
    more = r.randint(1, 8)
    total = have + more
    given = r.randint(1, total - 1)
    left = total - given
    half = [f"{who.He} had {count(have, noun)} in {who.his} basket.",
            f"Then {who.he} found {number(more)} more.",
            f"Now {who.he} had {count(total, noun)}."]
    return " ".join([start, *half,
                     f"{who.His} friend {friend.name} had none.",
                     f'"Take {number(given)} of mine," said {who.name}.',
                     f"{who.He} gave {friend.name} {count(given, noun)} and kept {number(left)}.",
                     f'"Thank you," said {friend.name}. "Now I have {number(given)} and you have {number(left)}."',
                     closing(r, who, friend.name)])


def pet_story(r):
    who = Person(r)
    start, (place, at) = opening(r, who)
    pet = r.choice(lex.PETS)
    colour = r.choice(lex.COLOURS[:8])
    name = r.choice(["Pip", "Dot", "Rex", "Fay", "Bo", "Misty", "Coco", "Rusty"])
    food, foods = r.choice(lex.FOODS)
    hidden = r.choice(lex.HIDING)
    return " ".join([
        start, f"{who.He} had {article(colour + ' ' + pet)} whose name was {name}.",
        f"{name} liked {foods} more than anything else.",
        r.choice([f"That day {name} ran away and hid {hidden}.", f"Suddenly there was thunder, and {name} hid {hidden}."]),
        f'{who.name} called, "{name}! Where are you?" But the {pet} did not come.',
        f"So {who.he} took {article(food)} out of {who.his} pocket and waited.",
        r.choice([f"Soon the {colour} {pet} came out and ate the {food}.",
                  f"After a while {name} smelled the {food} and came out."]),
        f'"There you are," said {who.name}. "You were {hidden} all the time."',
        f"{who.He} carried {name} home from the {place}.",
        f"Since then {who.name} always has {foods} in {who.his} pocket."])


def trade_story(r):
    who = Person(r)
    trade, does, where, tool = r.choice(lex.TRADES)
    day = r.randrange(7)
    thing, _ = r.choice(lex.THINGS)
    friend = Person(r, taken=(who.name,))
    material = r.choice(["wood", "glass", "gold", "silver", "paper", "iron", "wool", "stone"])
    return " ".join([
        f"{who.name} wanted to be {article(trade)}. {capital(article(trade))} {does} {where} and needs {tool}.",
        f"On {lex.DAYS[day]} {who.he} went to see {friend.name}, who was the best {trade} in the town.",
        f'"Teach me," said {who.name}. "Come back on {lex.DAYS[(day + 1) % 7]}," said {friend.name}, "and bring {tool}."',
        f"The next day was {lex.DAYS[(day + 1) % 7]}, and {who.name} came back with {tool}.",
        f"{friend.name} showed {who.him} how {article(trade)} works, and {who.name} learned quickly.",
        f"After a year {who.name} gave {friend.name} a {thing} made of {material}.",
        f'"Now you are {article(trade)} too," said {friend.name} and looked at the {material} {thing} with pride.'])


def journey(r):
    """Places are visited in an order and left in the reverse one."""
    who, friend = two_people(r)
    stops = [p[0] for p in r.sample(lex.PLACES, 3)]
    things = [t[0] for t in r.sample(lex.THINGS, 3)]
    colours = r.sample(lex.COLOURS, 3)
    got = [article(c + " " + t) for c, t in zip(colours, things)]
    lines = [f"{r.choice(lex.TIMES)} {who.name} and {friend.name} went on a journey.",
             f"First they came to the {stops[0]}, where {who.name} found {got[0]}.",
             f"Then they came to the {stops[1]}, where {friend.name} found {got[1]}.",
             f"At last they came to the {stops[2]}, where they found {got[2]}."]
    asked = r.randrange(3)
    lines.append(f"On the way back they passed the {stops[1]} and then the {stops[0]}.")
    lines.append(f'"Where did we find the {colours[asked]} {things[asked]}?" asked {friend.name}.')
    lines.append(f'"At the {stops[asked]}," said {who.name}.')
    lines.append(f"At home they put {listed(['the ' + t for t in things])} on the table.")
    return " ".join(lines)


def two_wishes(r):
    """Each of two people has a thing of a colour; who has which is asked for."""
    a, b = two_people(r)
    (x, _), (y, _) = r.sample(lex.THINGS, 2)
    cx, cy = r.sample(lex.COLOURS, 2)
    place, at, view = r.choice(lex.PLACES)
    asked = r.random() < 0.5
    owner, colour, thing = (a, cx, x) if asked else (b, cy, y)
    lines = [f"{a.name} has {article(cx + ' ' + x)}. {b.name} has {article(cy + ' ' + y)}.",
             f"{r.choice(lex.TIMES)} they meet {at} the {place}, where {view.replace('were', 'are').replace('was', 'is')}.",
             f'"I like your {y}," says {a.name}. "And I like your {x}," says {b.name}.']
    if r.random() < 0.5:
        lines.append(f"So they change. Now {a.name} has the {cy} {y} and {b.name} has the {cx} {x}.")
        owner = b if asked else a
    else:
        lines.append(f"But they do not change. {a.name} keeps the {cx} {x} and {b.name} keeps the {cy} {y}.")
    lines.append(f"Who has the {colour} {thing}? {owner.name} has it.")
    return " ".join(lines)


def weather(r):
    who, friend = two_people(r)
    month = r.randrange(12)
    season = ["winter", "winter", "spring", "spring", "spring", "summer", "summer", "summer", "autumn", "autumn",
              "autumn", "winter"][month]
    sky, deed = {"winter": ("It was snowing", "built a snowman"), "spring": ("It was raining", "jumped over the puddles"),
                 "summer": ("The sun was hot", "swam in the lake"), "autumn": ("The wind was strong", "flew a kite")}[season]
    wear = {"winter": "coat", "spring": "boots", "summer": "sun hat", "autumn": "scarf"}[season]
    colour = r.choice(lex.COLOURS)
    next_month = lex.MONTHS[(month + 1) % 12]
    worn = f"{colour} boots" if wear == "boots" else article(f"{colour} {wear}")
    return " ".join([
        f"It was {lex.MONTHS[month]}, and it was {season}. {sky} all day.",
        f"{who.name} put on {worn} and went out. {friend.name} came too.",
        f"They {deed} until it was dark.",
        f'"It will soon be {next_month}," said {friend.name}. "I will not forget this {season}."',
        f"{who.name} hung the {colour} {wear} beside the door, and they drank hot tea."])


STORIES = [(lost_thing, 4), (counting, 4), (pet_story, 3), (trade_story, 2), (journey, 3), (two_wishes, 3), (weather, 2)]
