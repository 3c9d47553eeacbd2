using Microsoft.ML.Data;

using Microsoft.ML.Lstm.Engine.Series;

namespace Microsoft.ML.Lstm.Series;

/// <summary>The data that a transformer was fitted to.</summary>
/// <param name="Training">The source of the training data.</param>
/// <param name="Validation">The source of the validation data; null where these are rows of the training data.</param>
/// <param name="Before">What is known of each series before the validation data.</param>
internal sealed record FittedData(RowSource Training, RowSource? Validation, IReadOnlyDictionary<string, SeriesBeforeValidation> Before)
{
    public static FittedData Of(IDataView training, IDataView? validation, IReadOnlyDictionary<string, SeriesBeforeValidation> before)
        => new(RowSource.Of(training), validation is null ? null : RowSource.Of(validation), before);
}

/// <summary>The data view that rows come from, before the transforms that only add columns to them.</summary>
internal sealed class RowSource
{
    private readonly WeakReference<IDataView> _source;

    private RowSource(IDataView source) => _source = new WeakReference<IDataView>(source);

    /// <summary>The source of a view's rows, which it does not keep alive.</summary>
    public static RowSource Of(IDataView view) => new(Find(view));

    /// <summary>Whether a view has the same rows, if its source has the same rows each time.</summary>
    public bool IsOf(IDataView view) => _source.TryGetTarget(out IDataView? source) && ReferenceEquals(source, Find(view));

    private static IDataView Find(IDataView view)
    {
        while (view is IDataTransform transform and IRowToRowMapper)
            view = transform.Source;
        return view;
    }
}
