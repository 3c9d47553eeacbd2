using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Network;

namespace Microsoft.ML.Lstm.Engine.Series.Explanations;

/// <summary>
/// Explains one value of a forecast. Each network of the model is explained by itself, over the last W steps that it has read and from its
/// state before them, in the features that it reads: they are relative to the level of the series, so a baseline of zeros is a series that
/// stays at its level, with the mean of each covariate. It serves one caller at a time.
/// </summary>
internal sealed class ForecastExplainer
{
    private readonly ForecastModel _model;
    private readonly int _index;
    private readonly SequenceExplainer[] _explainers;
    private readonly ExplainedForecast[] _outputs;
    private float[] _state = [];

    /// <param name="model">The model.</param>
    /// <param name="networks">Its networks, packed for <see cref="NetworkPasses.InputsOnly"/>.</param>
    /// <param name="index">Which value of H·D.</param>
    /// <param name="settings">How exact explanations are.</param>
    public ForecastExplainer(ForecastModel model, IReadOnlyList<SequenceNetwork> networks, int index, ExplanationSettings settings)
    {
        _model = model;
        _index = index;
        _outputs = [.. model.Networks.Select(one => new ExplainedForecast(one.Layout, index))];
        _explainers = [.. networks.Zip(_outputs, (network, output) => new SequenceExplainer([network], output, settings))];
        Explanation = new Explanation([.. _explainers.Select((explainer, i) => new ExplainedPart(explainer, PlacesOf(model, i)))],
            StepSizeOf(model));
    }

    public Explanation Explanation { get; }

    /// <summary>L: the lags of the network that has most.</summary>
    public static int LagsOf(ForecastModel model) => model.Networks.Max(one => one.Layout.Lags);

    /// <summary>J: attributions of a step.</summary>
    public static int StepSizeOf(ForecastModel model)
        => IndicatorsAt(model) + model.Networks.Max(one => one.Layout.Indicators) + model.Network.Shape.Embeddings.Count;

    /// <summary>Where the attributions of the indicators of missing values begin; behind them comes the series, if it has an
    /// embedding.</summary>
    public static int IndicatorsAt(ForecastModel model) => model.Layout.Targets * LagsOf(model) + OtherFeaturesOf(model.Layout);

    /// <summary>Takes a stream after a row, which has a forecast, and whose history has steps.</summary>
    public void Begin(ForecastStream stream)
    {
        double share = stream.NetworkShareOf(_index, out double rest);
        for (int i = 0; i < _explainers.Length; i++)
        {
            SequenceExplainer explainer = _explainers[i];
            ForecastNetworkStream network = stream.Networks[i];
            explainer.Sequence.Clear();
            explainer.Baseline.Clear();
            network.AddHistoryTo(explainer.Sequence);
            explainer.Baseline.Add(explainer.Sequence.TotalSteps).Clear();
            int target = _index % _model.Layout.Targets;
            _outputs[i].Begin(network.Levels[target], network.Scales[target], share * _model.ShareOf(i));
            network.History!.CopyStateTo(ref _state);
            explainer.Begin([_state[.._model.Networks[i].Network.Shape.StateSize]]);
        }
        Explanation.Constant = rest;
        Explanation.Begin();
    }

    // Past and known covariates and the calendar, of which all networks have the same.
    private static int OtherFeaturesOf(ForecastLayout layout) => layout.FeatureSize - layout.Targets * layout.Lags - layout.Indicators;

    /// <summary>Where the features of a network are among those of all, which have most lags and, if any has them, indicators.</summary>
    private static int[] PlacesOf(ForecastModel model, int network)
    {
        ForecastLayout layout = model.Networks[network].Layout;
        int most = LagsOf(model), lagged = layout.Targets * most, indicators = IndicatorsAt(model);
        return
        [
            .. from target in Enumerable.Range(0, layout.Targets)
               from lag in Enumerable.Range(0, layout.Lags)
               select target * most + lag,
            .. Enumerable.Range(lagged, OtherFeaturesOf(layout)),
            .. Enumerable.Range(indicators, layout.Indicators),
            .. Enumerable.Range(StepSizeOf(model) - model.Network.Shape.Embeddings.Count, model.Network.Shape.Embeddings.Count),
        ];
    }

    /// <summary>A share of one value of a forecast after the last step, in the unit of the series.</summary>
    private sealed class ExplainedForecast(ForecastLayout layout, int index) : ExplainedOutput
    {
        private readonly ForecastLossDescription _loss = ForecastLossDescription.Of(layout.Loss);
        private double _level;
        private double _factor;

        public override double Offset => _level;

        public void Begin(double level, double scale, double share) => (_level, _factor) = (share * level, share * scale);

        public override double Differentiate(ReadOnlySpan<float> outputs, Span<float> dOutputs, ReadOnlySpan<float> steps,
            Span<float> dSteps)
        {
            int width = _loss.OutputsPerValue, at = outputs.Length - layout.OutputSize + index * width;
            at += _loss.PointOutput(outputs.Slice(at, width));
            dOutputs[at] = (float)_factor;
            return _factor * outputs[at];
        }
    }
}
