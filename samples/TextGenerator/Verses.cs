namespace TextGenerator;

/// <summary>Verses in the public domain, from memory.</summary>
internal static class Verses
{
    public const string Text = """
        Shall I compare thee to a summer's day?
        Thou art more lovely and more temperate:
        Rough winds do shake the darling buds of May,
        And summer's lease hath all too short a date;
        Sometime too hot the eye of heaven shines,
        And often is his gold complexion dimm'd;
        And every fair from fair sometime declines,
        By chance or nature's changing course untrimm'd;
        But thy eternal summer shall not fade,
        Nor lose possession of that fair thou ow'st;
        Nor shall death brag thou wander'st in his shade,
        When in eternal lines to time thou grow'st:
        So long as men can breathe or eyes can see,
        So long lives this, and this gives life to thee.

        Let me not to the marriage of true minds
        Admit impediments. Love is not love
        Which alters when it alteration finds,
        Or bends with the remover to remove.
        O no! it is an ever-fixed mark
        That looks on tempests and is never shaken;
        It is the star to every wand'ring bark,
        Whose worth's unknown, although his height be taken.
        Love's not Time's fool, though rosy lips and cheeks
        Within his bending sickle's compass come;
        Love alters not with his brief hours and weeks,
        But bears it out even to the edge of doom.
        If this be error and upon me proved,
        I never writ, nor no man ever loved.

        Tyger Tyger, burning bright,
        In the forests of the night;
        What immortal hand or eye,
        Could frame thy fearful symmetry?
        In what distant deeps or skies,
        Burnt the fire of thine eyes?
        On what wings dare he aspire?
        What the hand, dare seize the fire?
        And what shoulder, and what art,
        Could twist the sinews of thy heart?
        And when thy heart began to beat,
        What dread hand? and what dread feet?
        What the hammer? what the chain,
        In what furnace was thy brain?
        What the anvil? what dread grasp,
        Dare its deadly terrors clasp?
        When the stars threw down their spears
        And water'd heaven with their tears:
        Did he smile his work to see?
        Did he who made the Lamb make thee?

        I wandered lonely as a cloud
        That floats on high o'er vales and hills,
        When all at once I saw a crowd,
        A host, of golden daffodils;
        Beside the lake, beneath the trees,
        Fluttering and dancing in the breeze.
        Continuous as the stars that shine
        And twinkle on the milky way,
        They stretched in never-ending line
        Along the margin of a bay:
        Ten thousand saw I at a glance,
        Tossing their heads in sprightly dance.
        For oft, when on my couch I lie
        In vacant or in pensive mood,
        They flash upon that inward eye
        Which is the bliss of solitude;
        And then my heart with pleasure fills,
        And dances with the daffodils.

        Once upon a midnight dreary, while I pondered, weak and weary,
        Over many a quaint and curious volume of forgotten lore,
        While I nodded, nearly napping, suddenly there came a tapping,
        As of some one gently rapping, rapping at my chamber door.
        'Tis some visitor, I muttered, tapping at my chamber door;
        Only this, and nothing more.
        Ah, distinctly I remember it was in the bleak December,
        And each separate dying ember wrought its ghost upon the floor.
        Eagerly I wished the morrow; vainly I had sought to borrow
        From my books surcease of sorrow, sorrow for the lost Lenore,
        For the rare and radiant maiden whom the angels name Lenore,
        Nameless here for evermore.

        The Lord is my shepherd; I shall not want.
        He maketh me to lie down in green pastures:
        He leadeth me beside the still waters.
        He restoreth my soul:
        He leadeth me in the paths of righteousness for his name's sake.
        Yea, though I walk through the valley of the shadow of death,
        I will fear no evil: for thou art with me;
        Thy rod and thy staff they comfort me.
        Surely goodness and mercy shall follow me all the days of my life:
        And I will dwell in the house of the Lord for ever.

        To every thing there is a season,
        And a time to every purpose under the heaven:
        A time to be born, and a time to die;
        A time to plant, and a time to pluck up that which is planted;
        A time to kill, and a time to heal;
        A time to break down, and a time to build up;
        A time to weep, and a time to laugh;
        A time to mourn, and a time to dance;
        A time to get, and a time to lose;
        A time to keep, and a time to cast away;
        A time to rend, and a time to sew;
        A time to keep silence, and a time to speak;
        A time to love, and a time to hate;
        A time of war, and a time of peace.

        Twinkle, twinkle, little star,
        How I wonder what you are!
        Up above the world so high,
        Like a diamond in the sky.
        When the blazing sun is gone,
        When he nothing shines upon,
        Then you show your little light,
        Twinkle, twinkle, all the night.

        Mary had a little lamb,
        Its fleece was white as snow;
        And everywhere that Mary went
        The lamb was sure to go.
        It followed her to school one day,
        That was against the rule;
        It made the children laugh and play
        To see a lamb at school.

        Jack and Jill went up the hill
        To fetch a pail of water;
        Jack fell down and broke his crown,
        And Jill came tumbling after.

        Humpty Dumpty sat on a wall,
        Humpty Dumpty had a great fall;
        All the king's horses and all the king's men
        Couldn't put Humpty together again.

        This is the house that Jack built.
        This is the malt that lay in the house that Jack built.
        This is the rat that ate the malt
        That lay in the house that Jack built.
        This is the cat that killed the rat
        That ate the malt that lay in the house that Jack built.
        This is the dog that worried the cat
        That killed the rat that ate the malt
        That lay in the house that Jack built.

        Because I could not stop for Death,
        He kindly stopped for me;
        The carriage held but just ourselves
        And Immortality.
        We slowly drove, he knew no haste,
        And I had put away
        My labor, and my leisure too,
        For his civility.

        Water, water, every where,
        And all the boards did shrink;
        Water, water, every where,
        Nor any drop to drink.
        Alone, alone, all, all alone,
        Alone on a wide wide sea!
        And never a saint took pity on
        My soul in agony.
        He prayeth best, who loveth best
        All things both great and small;
        For the dear God who loveth us,
        He made and loveth all.

        Half a league, half a league,
        Half a league onward,
        All in the valley of Death
        Rode the six hundred.
        Cannon to right of them,
        Cannon to left of them,
        Cannon in front of them
        Volleyed and thundered.

        """;
}
