using System.Numerics.Tensors;

namespace Microsoft.ML.Lstm.Engine.Parameters;

/// <summary>
/// A trained network with the scaling of its inputs and outputs: everything that training gives, scoring needs and a file holds. It may
/// have several networks, the members of an ensemble, whose outputs are averaged before any function is applied to them: they read the same
/// inputs and have the same outputs, while cells, sizes and pooling may differ.
/// </summary>
/// <param name="Parameters">The network's shape and weights; of an ensemble those of the first member.</param>
/// <param name="InputScaler">Applied to the numeric features of each step.</param>
/// <param name="StaticScaler">Applied to the static features; of size 0 when there are none.</param>
/// <param name="OutputScaler">Applied to targets in training; its inverse returns outputs to the unit of the targets.</param>
internal sealed record SequenceModel(
    ParameterSet Parameters, AffineScaler InputScaler, AffineScaler StaticScaler, AffineScaler OutputScaler)
{
    /// <summary>The members of an ensemble behind the first one; none for a single network.</summary>
    public IReadOnlyList<ParameterSet> OtherMembers { get; init; } = [];

    /// <summary>All networks.</summary>
    public IReadOnlyList<ParameterSet> Members => [Parameters, .. OtherMembers];

    /// <summary>The shape of the network; of an ensemble that of the first member, whose inputs and outputs are those of all.</summary>
    public NetworkShape Shape => Parameters.Shape;

    /// <summary>The width of the vector that stands for a sequence: the encodings, or codes, of all members one behind the other.</summary>
    public int CodeSize => Members.Sum(member => member.Shape.CodeSize);

    /// <summary>Whether all members have weights of the steps: they pool with learned ones, or their decoders look at the steps.</summary>
    public bool HasAttention => Members.All(member => member.Shape.HasAttention
        || member.Shape.Target is { Attention: not SourceAttention.None });

    /// <summary>Floats that a forward pass keeps for each step.</summary>
    public long StepSize => Members.Sum(member => member.Shape.StepSize);

    public ModelScalers Scalers => new(InputScaler, StaticScaler, OutputScaler);

    /// <summary>One model of the networks of others, which have the same scaling; their outputs are averaged.</summary>
    /// <exception cref="ArgumentException">The networks have other inputs or outputs.</exception>
    public static SequenceModel Average(IReadOnlyList<SequenceModel> models)
    {
        SequenceModel first = models[0];
        if (models.FirstOrDefault(model => !model.Shape.IsAlike(first.Shape)) is { } other)
            throw new ArgumentException($"Networks with other inputs or outputs can't be averaged: {first.Shape}, {other.Shape}.",
                nameof(models));
        return first with { OtherMembers = [.. models.SelectMany(model => model.Members).Skip(1)] };
    }

    /// <summary>The format of the weights of all members.</summary>
    public WeightFormat Format => Parameters.Format;

    /// <summary>This model with its weights rounded to a format; the scalers stay as they are.</summary>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite.</exception>
    public SequenceModel WithFormat(WeightFormat format)
        => Of([.. Members.Select(member => WeightRounding.Round(member, format))], Scalers);

    /// <summary>A model of one of the members alone.</summary>
    public SequenceModel Member(int index) => this with { Parameters = Members[index], OtherMembers = [] };

    /// <summary>The mean, over the members, of a parameter that all of them have in the same size.</summary>
    public float[] MeanOf(string name)
    {
        float[] mean = Parameters[name].ToArray();
        if (OtherMembers.Count == 0)
            return mean;
        foreach (ParameterSet member in OtherMembers)
            TensorPrimitives.Add(mean, member[name], mean);
        TensorPrimitives.Multiply(mean, 1f / Members.Count, mean);
        return mean;
    }

    /// <summary>A model of these networks and scalers.</summary>
    public static SequenceModel Of(IReadOnlyList<ParameterSet> members, ModelScalers scalers)
        => new(members[0], scalers.Input, scalers.Static, scalers.Output) { OtherMembers = [.. members.Skip(1)] };

    /// <summary>
    /// This model with the scales of <paramref name="scalers"/> for features that were constant in its training data, so that further
    /// training can learn from them.
    /// </summary>
    public SequenceModel WithScalesOfConstants(ModelScalers scalers) => this with
    {
        InputScaler = InputScaler.WithScalesOfConstants(scalers.Input),
        StaticScaler = StaticScaler.WithScalesOfConstants(scalers.Static),
        OutputScaler = OutputScaler.WithScalesOfConstants(scalers.Output),
    };
}

/// <summary>The scaling of inputs, static features and outputs of a <see cref="SequenceModel"/>.</summary>
internal sealed record ModelScalers(AffineScaler Input, AffineScaler Static, AffineScaler Output)
{
    /// <summary>Whether inputs and outputs are scaled the same.</summary>
    public bool AreSameAs(ModelScalers other)
        => Input.IsSameAs(other.Input) && Static.IsSameAs(other.Static) && Output.IsSameAs(other.Output);
}
