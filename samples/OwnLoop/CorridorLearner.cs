using System.Numerics.Tensors;
using Microsoft.ML.Lstm;

namespace OwnLoop;

/// <summary>
/// Learns to walk the corridor by the policy gradient (Williams 1992): actions are drawn, and those that were followed by more reward than
/// usual become more probable.
/// </summary>
internal static class CorridorLearner
{
    private const int Walkers = 64;
    private const int Hidden = 16;
    private const int Updates = 250;

    /// <summary>Trains a policy and gives the share of 1,000 new walks that find the goal.</summary>
    public static double Train(bool remembers, int seed)
    {
        var random = new Random(seed);
        var lstm = new LstmLayer(Corridor.Observations, Hidden, seed: seed) { ComputesInputGradient = false };
        var policy = new LinearLayer(Hidden, Corridor.Actions, seed: seed + 1);
        var optimizer = new LayerOptimizer([lstm, policy], learningRate: 0.01f) { GradientClipNorm = 1 };
        for (int update = 0; update < Updates; update++)
        {
            Walks walks = Walk(lstm, policy, remembers, Walkers, random);
            // The whole walks again, in one pass that the gradient can go back through.
            Tensor<float> logits = remembers
                ? policy.Forward(lstm.Forward(walks.Observed, walks.Lengths).Output)
                : policy.Forward(lstm.Forward(walks.Observed.Reshape([Walkers * Corridor.MostSteps, 1, Corridor.Observations])).Output);
            var gradient = Tensor.Create(new float[logits.FlattenedLength], logits.Lengths);
            Losses.CrossEntropy(logits, walks.Actions, gradient, walks.Advantages());
            lstm.Backward(policy.Backward(gradient));
            optimizer.Step();
        }
        lstm.IsTraining = policy.IsTraining = false;
        return Walk(lstm, policy, remembers, walkers: 1000, random).Found;
    }

    /// <summary>Walks side by side, one step at a time.</summary>
    private static Walks Walk(LstmLayer lstm, LinearLayer policy, bool remembers, int walkers, Random random)
    {
        Corridor[] corridors = [.. Enumerable.Range(0, walkers).Select(_ => new Corridor(random))];
        var walks = new Walks(walkers);
        var step = Tensor.Create(new float[walkers * Corridor.Observations], [walkers, Corridor.Observations]);
        RecurrentState state = lstm.NewState(walkers);
        for (int t = 0; t < Corridor.MostSteps; t++)
        {
            for (int i = 0; i < walkers; i++)
                corridors[i].Observe(step.GetSpan([i, 0], Corridor.Observations));
            if (!remembers)
                state = lstm.NewState(walkers);
            Tensor<float> logits = policy.Forward(lstm.Step(step, state));
            for (int i = 0; i < walkers; i++)
            {
                if (corridors[i].HasEnded)
                    continue;
                int action = Draw(logits.GetSpan([i, 0], Corridor.Actions), random);
                walks.Add(i, t, step.GetSpan([i, 0], Corridor.Observations), action, corridors[i].Act(action));
            }
        }
        walks.Found = corridors.Count(corridor => corridor.HasFoundGoal) / (double)walkers;
        return walks;
    }

    private static int Draw(ReadOnlySpan<float> logits, Random random)
    {
        Span<float> probabilities = stackalloc float[logits.Length];
        TensorPrimitives.SoftMax(logits, probabilities);
        float number = random.NextSingle();
        for (int action = 0; action < probabilities.Length - 1; action++)
        {
            number -= probabilities[action];
            if (number < 0)
                return action;
        }
        return probabilities.Length - 1;
    }

    /// <summary>What was seen, done and earned.</summary>
    private sealed class Walks(int walkers)
    {
        private readonly float[] _rewards = new float[walkers * Corridor.MostSteps];

        public Tensor<float> Observed { get; } = Tensor.Create(new float[walkers * Corridor.MostSteps * Corridor.Observations],
            [walkers, Corridor.MostSteps, Corridor.Observations]);

        public int[] Lengths { get; } = new int[walkers];

        /// <summary>The action of each step; -1 behind the end of a walk.</summary>
        public int[] Actions { get; } = [.. Enumerable.Repeat(-1, walkers * Corridor.MostSteps)];

        public double Found { get; set; }

        public void Add(int walker, int t, ReadOnlySpan<float> observation, int action, float reward)
        {
            observation.CopyTo(Observed.GetSpan([walker, t, 0], Corridor.Observations));
            Actions[walker * Corridor.MostSteps + t] = action;
            _rewards[walker * Corridor.MostSteps + t] = reward;
            Lengths[walker] = t + 1;
        }

        /// <summary>The rewards from a step on, less their mean over the walks that have the step.</summary>
        public float[] Advantages()
        {
            float[] advantages = new float[_rewards.Length];
            for (int t = Corridor.MostSteps - 1; t >= 0; t--)
            {
                int[] going = [.. Enumerable.Range(0, walkers).Where(walker => t < Lengths[walker])];
                foreach (int walker in going)
                {
                    int at = walker * Corridor.MostSteps + t;
                    _rewards[at] += t + 1 < Lengths[walker] ? _rewards[at + 1] : 0;
                }
                float mean = going.Length == 0 ? 0 : going.Average(walker => _rewards[walker * Corridor.MostSteps + t]);
                foreach (int walker in going)
                    advantages[walker * Corridor.MostSteps + t] = _rewards[walker * Corridor.MostSteps + t] - mean;
            }
            return advantages;
        }
    }
}
