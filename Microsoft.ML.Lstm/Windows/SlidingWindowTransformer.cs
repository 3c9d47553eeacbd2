using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Windows;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(SlidingWindowTransformer), null, typeof(Microsoft.ML.SignatureLoadModel), "Sliding Window",
    SlidingWindowTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Adds a column of sliding windows to a table with one row per time step. <see cref="SlidingWindowEstimator"/> describes the columns and
/// rows of the output.
/// </summary>
public sealed class SlidingWindowTransformer : ITransformer
{
    internal const string LoaderSignature = "LstmSlidingWindow";

    // The stream of an entry in a model.zip, beside ML.NET's header and the checksums.
    private const string SettingsStream = "Window.json";

    private readonly IHost _host;
    private readonly SlidingWindowSettings _settings;

    internal SlidingWindowTransformer(IHostEnvironment environment, SlidingWindowSettings settings)
    {
        _host = environment.Register(nameof(SlidingWindowTransformer));
        _settings = settings;
    }

    /// <summary>False: a window is made of several rows.</summary>
    public bool IsRowToRowMapper => false;

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the window and, if there is one, the label behind it.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or isn't of a type the estimator lists.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        return new SlidingWindowBindings(_host, inputSchema, _settings).OutputSchema;
    }

    /// <summary>Adds the windows. They are computed when the result is read.</summary>
    /// <param name="input">The rows in the order of time.</param>
    /// <returns>The rows that have a window.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or isn't of a type the estimator lists.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new SlidingWindowDataView(new SlidingWindowBindings(_host, input.Schema, _settings), this, input);
    }

    /// <summary>Not supported, see <see cref="IsRowToRowMapper"/>.</summary>
    /// <param name="inputSchema">Not used.</param>
    /// <returns>Nothing.</returns>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema)
        => throw new InvalidOperationException(
            "A sliding window is made of several rows, so it can't be computed from a single one. For single predictions make the pipeline "
            + "without it, and give it rows with the window as a vector column.");

    private static VersionInfo Version => ModelEntry.Version("LSTMWIND", LoaderSignature);

    void ICanSaveModel.Save(ModelSaveContext ctx)
        => ModelEntry.Save(ctx, Version, entry => entry.WriteJson(SettingsStream, _settings.ToJson()));

    // ML.NET finds this method by its name and parameters.
    internal static SlidingWindowTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => ModelEntry.Load(env, ctx, Version,
            entry => new SlidingWindowTransformer(env, entry.ReadJson(SettingsStream, json => SlidingWindowSettings.FromJson(json))));
}
