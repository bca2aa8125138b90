"""The words of the language demo: what the grammar's sentences are about. Facts here are true; people are invented."""

GIRLS = ["Anna", "Mia", "Lily", "Clara", "Nora", "Ruth", "Ida", "Sophie", "Greta", "Rosa", "Hazel", "Maud"]
BOYS = ["Tom", "Ben", "Oscar", "Leo", "Max", "Hugo", "Felix", "Paul", "Emil", "Jack", "Sam", "Arthur"]

COLOURS = ["red", "blue", "green", "yellow", "white", "black", "brown", "grey", "orange", "purple", "pink", "golden"]
SIZES = ["small", "big", "tiny", "large", "long", "heavy", "light", "old", "new", "round"]
MOODS = [("happy", "smiled"), ("sad", "sighed"), ("proud", "laughed"), ("tired", "yawned"), ("angry", "frowned"),
         ("curious", "looked closer"), ("afraid", "stood still"), ("calm", "took a deep breath")]

# singular, plural: small things that can be found, carried, lost and given
THINGS = [("ball", "balls"), ("box", "boxes"), ("key", "keys"), ("book", "books"), ("kite", "kites"), ("lamp", "lamps"),
          ("hat", "hats"), ("coat", "coats"), ("cup", "cups"), ("basket", "baskets"), ("boat", "boats"),
          ("drum", "drums"), ("bell", "bells"), ("stone", "stones"), ("shell", "shells"), ("feather", "feathers"),
          ("button", "buttons"), ("ribbon", "ribbons"), ("candle", "candles"), ("blanket", "blankets"),
          ("umbrella", "umbrellas"), ("bottle", "bottles"), ("map", "maps"), ("ring", "rings"), ("scarf", "scarves"),
          ("knife", "knives"), ("toy", "toys"), ("coin", "coins"), ("letter", "letters"), ("brush", "brushes")]

FOODS = [("apple", "apples"), ("pear", "pears"), ("plum", "plums"), ("cherry", "cherries"), ("egg", "eggs"),
         ("carrot", "carrots"), ("potato", "potatoes"), ("onion", "onions"), ("orange", "oranges"), ("nut", "nuts"),
         ("cake", "cakes"), ("bun", "buns"), ("lemon", "lemons"), ("strawberry", "strawberries"), ("tomato", "tomatoes"),
         ("mushroom", "mushrooms"), ("pie", "pies"), ("cookie", "cookies"), ("peach", "peaches"), ("bean", "beans")]

# animal, young, sound, legs, home, food, name of many
ANIMALS = [("dog", "puppy", "woof", 4, "kennel", "meat"), ("cat", "kitten", "meow", 4, "house", "fish"),
           ("cow", "calf", "moo", 4, "barn", "grass"), ("horse", "foal", "neigh", 4, "stable", "hay"),
           ("sheep", "lamb", "baa", 4, "field", "grass"), ("goat", "kid", "maa", 4, "farm", "leaves"),
           ("pig", "piglet", "oink", 4, "sty", "corn"), ("duck", "duckling", "quack", 2, "pond", "weeds"),
           ("hen", "chick", "cluck", 2, "coop", "seeds"), ("owl", "owlet", "hoot", 2, "tree", "mice"),
           ("frog", "tadpole", "croak", 4, "pond", "flies"), ("bee", "larva", "buzz", 6, "hive", "nectar"),
           ("lion", "cub", "roar", 4, "plain", "meat"), ("mouse", "pup", "squeak", 4, "hole", "cheese"),
           ("goose", "gosling", "honk", 2, "lake", "grass"), ("wolf", "cub", "howl", 4, "den", "meat"),
           ("spider", "spiderling", "", 8, "web", "flies"), ("snake", "snakelet", "hiss", 0, "burrow", "mice"),
           ("fox", "kit", "bark", 4, "den", "mice"), ("rabbit", "bunny", "", 4, "burrow", "clover"),
           ("bear", "cub", "growl", 4, "cave", "honey"), ("ant", "larva", "", 6, "nest", "seeds"),
           ("swan", "cygnet", "hiss", 2, "lake", "weeds"), ("deer", "fawn", "", 4, "forest", "leaves")]

PETS = ["dog", "cat", "goat", "duck", "rabbit", "horse", "hen", "mouse", "pony", "parrot"]

# place, preposition, what one sees there
PLACES = [("garden", "in", "the roses were in bloom"), ("forest", "in", "the tall trees were quiet"),
          ("market", "at", "people were selling bread and cheese"), ("beach", "on", "the waves were rolling in"),
          ("park", "in", "children were playing by the fountain"), ("kitchen", "in", "the soup was hot on the stove"),
          ("library", "in", "long rows of books stood on the shelves"), ("river", "by", "the water was clear and cold"),
          ("mountain", "on", "snow was lying on the rocks"), ("school", "at", "the bell was ringing"),
          ("farm", "on", "the animals were waiting for their food"), ("station", "at", "the trains were coming and going"),
          ("lake", "by", "two boats were tied to the bank"), ("bridge", "on", "the wind was blowing hard"),
          ("castle", "in", "the stone walls were very old"), ("harbour", "at", "the ships were bringing in fish"),
          ("mill", "at", "the big wheel was turning"), ("meadow", "in", "bees were flying from flower to flower")]

HIDING = ["under the bed", "behind the door", "in the tall grass", "on top of the shelf", "under a wooden bench",
          "beside the old well", "inside a clay pot", "between two rocks", "behind the curtain", "in an empty barrel",
          "near the gate", "at the bottom of the stairs"]

TIMES = ["One morning", "One day", "On a sunny day", "On a rainy afternoon", "Late in the evening", "Early in spring",
         "On a cold winter day", "One summer night", "Last week", "On the first day of autumn"]

DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
          "November", "December"]
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
           "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"]
ORDINALS = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh"]

OPPOSITES = [("hot", "cold"), ("big", "small"), ("long", "short"), ("old", "young"), ("day", "night"), ("up", "down"),
             ("light", "dark"), ("full", "empty"), ("fast", "slow"), ("hard", "soft"), ("wet", "dry"), ("open", "closed"),
             ("high", "low"), ("early", "late"), ("rich", "poor"), ("loud", "quiet"), ("near", "far"), ("left", "right"),
             ("strong", "weak"), ("happy", "sad"), ("thick", "thin"), ("sweet", "sour"), ("clean", "dirty"),
             ("true", "false"), ("before", "after"), ("inside", "outside")]

CAPITALS = [("France", "Paris"), ("Italy", "Rome"), ("Spain", "Madrid"), ("Germany", "Berlin"), ("Greece", "Athens"),
            ("Norway", "Oslo"), ("Japan", "Tokyo"), ("Egypt", "Cairo"), ("Poland", "Warsaw"), ("Austria", "Vienna"),
            ("Portugal", "Lisbon"), ("Ireland", "Dublin"), ("Sweden", "Stockholm"), ("Finland", "Helsinki"),
            ("Denmark", "Copenhagen"), ("Hungary", "Budapest"), ("Kenya", "Nairobi"), ("Peru", "Lima"),
            ("Cuba", "Havana"), ("Canada", "Ottawa"), ("India", "New Delhi"), ("China", "Beijing"), ("Russia", "Moscow"),
            ("Turkey", "Ankara"), ("Belgium", "Brussels"), ("Iceland", "Reykjavik"), ("Chile", "Santiago"),
            ("Nepal", "Kathmandu"), ("Mexico", "Mexico City"), ("England", "London")]

# what it is, its usual colour
NATURAL_COLOURS = [("grass", "green"), ("snow", "white"), ("coal", "black"), ("a lemon", "yellow"), ("the sky", "blue"),
                   ("blood", "red"), ("a carrot", "orange"), ("chocolate", "brown"), ("an elephant", "grey"),
                   ("a flamingo", "pink"), ("milk", "white"), ("a ripe strawberry", "red"), ("sand", "yellow"),
                   ("a raven", "black"), ("a leaf in spring", "green"), ("a violet", "purple")]

# trade, what he or she does, where, with what
TRADES = [("baker", "bakes bread", "in a bakery", "an oven"), ("farmer", "grows corn", "on a farm", "a plough"),
          ("doctor", "helps sick people", "in a hospital", "a thermometer"), ("teacher", "teaches children", "at a school", "chalk"),
          ("sailor", "sails on the sea", "on a ship", "ropes"), ("tailor", "sews clothes", "in a workshop", "a needle"),
          ("carpenter", "makes tables", "in a workshop", "a saw"), ("painter", "paints pictures", "in a studio", "a brush"),
          ("smith", "makes horseshoes", "in a forge", "a hammer"), ("gardener", "plants flowers", "in a garden", "a spade"),
          ("pilot", "flies planes", "in the air", "a radio"), ("cook", "makes soup", "in a kitchen", "a spoon"),
          ("miller", "grinds flour", "in a mill", "a millstone"), ("barber", "cuts hair", "in a shop", "scissors"),
          ("fisher", "catches fish", "on a boat", "a net"), ("clockmaker", "repairs clocks", "in a shop", "a tiny screwdriver")]

# base, past, participle
VERBS = [("go", "went", "gone"), ("see", "saw", "seen"), ("take", "took", "taken"), ("write", "wrote", "written"),
         ("eat", "ate", "eaten"), ("give", "gave", "given"), ("sing", "sang", "sung"), ("swim", "swam", "swum"),
         ("drink", "drank", "drunk"), ("break", "broke", "broken"), ("fly", "flew", "flown"), ("grow", "grew", "grown"),
         ("know", "knew", "known"), ("speak", "spoke", "spoken"), ("begin", "began", "begun"), ("ring", "rang", "rung"),
         ("find", "found", "found"), ("bring", "brought", "brought"), ("think", "thought", "thought"),
         ("catch", "caught", "caught"), ("teach", "taught", "taught"), ("build", "built", "built"),
         ("lose", "lost", "lost"), ("keep", "kept", "kept"), ("fall", "fell", "fallen"), ("hide", "hid", "hidden"),
         ("draw", "drew", "drawn"), ("throw", "threw", "thrown"), ("ride", "rode", "ridden"), ("wear", "wore", "worn")]

PLURALS = [("mouse", "mice"), ("goose", "geese"), ("foot", "feet"), ("tooth", "teeth"), ("child", "children"),
           ("man", "men"), ("woman", "women"), ("leaf", "leaves"), ("wolf", "wolves"), ("sheep", "sheep"),
           ("knife", "knives"), ("box", "boxes"), ("cherry", "cherries"), ("fish", "fish"), ("ox", "oxen"),
           ("potato", "potatoes"), ("scarf", "scarves"), ("baby", "babies")]

MISC_FACTS = ["Water freezes at zero degrees.", "Water boils at one hundred degrees.", "The sun rises in the east.",
              "The sun sets in the west.", "A week has seven days.", "A year has twelve months.", "A day has 24 hours.",
              "An hour has 60 minutes.", "A minute has 60 seconds.", "A triangle has three sides.",
              "A square has four sides.", "The moon goes around the earth.", "The earth goes around the sun.",
              "Ice is frozen water.", "Bread is made from flour.", "Cheese is made from milk.", "Wine is made from grapes.",
              "Paper is made from wood.", "Glass is made from sand.", "Honey is made by bees.", "Wool comes from sheep.",
              "A piano has black and white keys.", "A hand has five fingers.", "A violin has four strings.",
              "A century has one hundred years.", "A dozen is twelve.", "Plants need light and water.",
              "Fish breathe with gills.", "Penguins cannot fly.", "Bats sleep during the day.", "Camels live in the desert.",
              "The whale is the largest animal.", "The Nile is a river in Africa.", "Gold is heavier than iron."]
