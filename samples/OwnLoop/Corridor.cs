namespace OwnLoop;

/// <summary>
/// A T-shaped maze (Bakker 2002): the first place of a corridor shows on which side the goal is, and at the other end, steps later, the
/// walker has to turn to that side.
/// </summary>
internal sealed class Corridor(Random random)
{
    public const int Observations = 4;
    public const int Actions = 3;
    public const int MostSteps = 20;

    private const int Length = 8;
    private const float StepCost = 0.05f;

    private readonly bool _isGoalLeft = random.Next(2) == 0;
    private int _place;

    public bool HasEnded { get; private set; }

    public bool HasFoundGoal { get; private set; }

    /// <summary>What the walker sees: the side of the goal at the first place, whether the corridor ends here, and 1.</summary>
    public void Observe(Span<float> observation)
    {
        bool isFirst = _place == 0;
        observation[0] = isFirst && _isGoalLeft ? 1 : 0;
        observation[1] = isFirst && !_isGoalLeft ? 1 : 0;
        observation[2] = _place == Length ? 1 : 0;
        observation[3] = 1;
    }

    /// <summary>Walks on (0), turns left (1) or right (2), and gives the reward: each step costs something, the goal gives 1.</summary>
    public float Act(int action)
    {
        if (action == 0)
            _place = Math.Min(Length, _place + 1);
        if (action == 0 || _place < Length)
            return -StepCost;
        HasEnded = true;
        HasFoundGoal = action == 1 == _isGoalLeft;
        return HasFoundGoal ? 1 : -1;
    }
}
