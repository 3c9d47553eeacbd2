using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training.Optimizers;

/// <summary>
/// The parameters that keep their values all through a training. Optimizers pass over those that have a gradient; running statistics, which
/// have none, are put back.
/// </summary>
internal sealed class FrozenParameters
{
    private readonly ParameterSet _weights;
    private readonly HashSet<Parameter> _frozen = [];
    private readonly (Parameter Parameter, float[] Values)[] _statistics;

    /// <param name="weights">The network, as training begins.</param>
    /// <param name="tuning">Says what is frozen; null for nothing.</param>
    /// <exception cref="ArgumentException">The network lacks a layer that is named, or all are frozen.</exception>
    public FrozenParameters(ParameterSet weights, FineTuning? tuning)
    {
        _weights = weights;
        tuning?.Check(weights);
        if (tuning is not null)
            _frozen = [.. weights.Parameters.Where(parameter => tuning.RateOf(parameter) == 0)];
        _statistics =
            [.. _frozen.Where(parameter => parameter.IsStatistic).Select(parameter => (parameter, weights[parameter].ToArray()))];
    }

    /// <summary>Whether a parameter keeps its values.</summary>
    public bool Contains(Parameter parameter) => _frozen.Contains(parameter);

    /// <summary>Gives frozen running statistics the values back that a batch has changed.</summary>
    public void RestoreStatistics()
    {
        foreach ((Parameter parameter, float[] values) in _statistics)
            values.CopyTo(_weights[parameter]);
    }
}
