using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>
/// Predicting each token of a text from those before it: the language model of Mikolov et al. (2010). Long texts are learned in pieces, the
/// state of the network being carried from one to the next.
/// </summary>
/// <param name="hasBoundary">Whether a text begins and ends with the boundary: its first token is predicted too, and where it ends, unless
/// it was cut.</param>
/// <param name="tiesHead">Whether the weights of the head are the embeddings.</param>
/// <param name="labelSmoothing">The share of a token that is spread over all tokens, from 0 to below 1; without effect on an adaptive
/// softmax.</param>
/// <param name="cutoffs">For an adaptive softmax how many of the most frequent tokens are in the first cluster, in the first two, and so
/// on; empty for one softmax over all.</param>
internal sealed class NextTokenTask(bool hasBoundary, bool tiesHead, float labelSmoothing = 0, params int[] cutoffs) : TrainingTask
{
    // PyTorch's default. A tail of half the size would cost half as much again in all, and a token of it be told hardly better.
    private const double ProjectionFactor = 4;

    // A token that the network knows but the training data does not have, from an initial model, counts as one of this many uses.
    private const double UsesOfUnseen = 0.5;

    private static readonly ClassWeights EqualWeights = new(null);

    public override bool CarriesStates => true;

    public override NetworkShape WithOutputs(NetworkShape shape, TrainingData data)
    {
        EmbeddingShape table = shape.Embeddings[0] with { HasBoundary = hasBoundary };
        shape = shape with
        {
            Embeddings = new ValueList<EmbeddingShape>([table]),
            OutputSize = table.Rows - 1,
            Head = Head.NextToken,
            TiesHead = tiesHead,
        };
        int[] fitting = [.. cutoffs.Where(cutoff => cutoff < shape.OutputSize)];
        return fitting.Length == 0 ? shape : shape with
        {
            AdaptiveSoftmax = AdaptiveSoftmaxShape.ByFrequency(UsesOf(data, shape.OutputSize), fitting, shape.HeadInputSize,
                ProjectionFactor),
        };
    }

    /// <summary>
    /// Cuts the texts into pieces: the tokens that the network reads and, as labels, those that follow. A text without a boundary whose
    /// only token follows none is left out.
    /// </summary>
    public override SequenceSet Prepare(SequenceSet sequences, int longest)
    {
        int boundary = sequences.Vocabularies[0] + 1;
        SequenceSet pieces = sequences.NewLike();
        foreach (TrainingSequence sequence in sequences.Sequences)
        {
            int[] tokens = sequence.Tokens;
            // Where a text was cut it does not end.
            if (hasBoundary)
                tokens = sequence.IsCut ? [boundary, .. tokens] : [boundary, .. tokens, boundary];
            for (int begin = 0; begin < tokens.Length - 1; begin += longest)
            {
                int end = Math.Min(begin + longest, tokens.Length - 1);
                pieces.Add(new TrainingSequence
                {
                    Tokens = tokens[begin..end],
                    Labels = [.. tokens[(begin + 1)..(end + 1)].Select(token => token - 1)],
                    GoesOn = begin > 0,
                    Weight = sequence.Weight,
                });
            }
        }
        return pieces.Count > 0 ? pieces : throw new InvalidOperationException(
            "Each text has one token only, and no boundary, so there is nothing to predict.");
    }

    /// <summary>Begins with the frequencies of the tokens, which training would have to find out first.</summary>
    public override void Initialize(ParameterSet parameters, TrainingData training)
    {
        Span<float> biases = parameters[ParameterSet.HeadBias];
        NetworkShape shape = parameters.Shape;
        double[] uses = [.. UsesOf(training, shape.OutputSize).Select(count => Math.Max(count, UsesOfUnseen))];
        double all = uses.Sum();
        if (shape.AdaptiveSoftmax is { } clusters)
            uses =
            [
                .. clusters.Shortlist.Keys.Select(token => uses[token - 1]),
                .. clusters.Tails.Select(tail => tail.Classes.Keys.Sum(token => uses[token - 1])),
            ];
        for (int i = 0; i < uses.Length; i++)
            biases[i] = (float)Math.Log(uses[i] / all);
    }

    /// <summary>How often each token of the output, and at last the boundary behind a text, occurs.</summary>
    private long[] UsesOf(TrainingData training, int outputSize)
    {
        long[] uses = new long[outputSize];
        foreach (TrainingSequence sequence in training.Sequences)
        {
            foreach (int token in sequence.Tokens)
            {
                if (token > 0)
                    uses[token - 1]++;
            }
            if (hasBoundary && !sequence.IsCut)
                uses[^1]++;
        }
        return uses;
    }

    public override Objective CreateObjective(SequenceModel model, TrainingData training)
        => new ClassificationObjective(stepOutputs: true, EqualWeights, labelSmoothing,
            MeanWeight(training, stepOutputs: true, EqualWeights.WeightOf));
}
