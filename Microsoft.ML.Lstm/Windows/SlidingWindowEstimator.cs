using Microsoft.ML.Data;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Lstm;

/// <summary>
/// Adds a window to each row of a table with one row per time step: the values of the last rows as one vector and, if asked for, a value
/// some rows ahead as the label.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// To create this estimator use
/// [SlidingWindow](xref:Microsoft.ML.LstmTransformsCatalog.SlidingWindow*),
/// or with several inputs
/// [SlidingWindow](xref:Microsoft.ML.LstmTransformsCatalog.SlidingWindow*).
///
/// ### Input and Output Columns
/// * inputs: single, or known-size vector of Single. The values of one time step; several columns are joined in the order given to F
///   features.
/// * label source: single, or known-size vector of Single. Optional: the column to be forecast.
/// * output window: vector of Single with the dimensions (W, F). The features of rows t - W + 1 to t, the oldest first.
/// * output label: as the label source. Optional: the label source's value in row t + horizon; missing (NaN) in the last *horizon* rows.
///
/// If there is a label, the data to transform must have the label source, even if nobody asks for the label.
///
/// All other columns are passed on with the values of row t, the window's last.
///
/// **Slot names.** The window's values are called after their column and row: `Temperature t-3`, `Pressure t-3`, ..., `Temperature t`,
/// `Pressure t`. A value of a vector has its slot's name, or `Pair[0]` where the slot has none, and names that occur twice get a number
/// behind them. So ML.NET's `PermutationFeatureImportance` tells by name what each value is worth to a trainer behind the window. A label
/// that is a vector keeps its source's slot names.
///
/// ### Estimator Characteristics
/// | | |
/// | -- | -- |
/// | Does this estimator need to look at the data to train its parameters? | No |
/// | Required NuGet in addition to Microsoft.ML | Microsoft.ML.Lstm |
/// | Exportable to ONNX | No |
///
/// **Which rows come out.** All input rows but the first W - 1, which have no full window, unless `KeepIncompleteWindows` asks for these
/// too, with NaN for values before the first row. The last rows, whose label is not known yet, do come out, because the last window is the
/// one to forecast from. Trainers skip them (those of this package without a warning), and the regression evaluator leaves them out of its
/// metrics; `FilterRowsByMissingValues` drops them, as is needed before a trainer that is told to stop at bad rows. Values that are NaN in
/// the input are NaN in the windows.
///
/// **Order.** The rows' order is taken as the order in time, the whole input as one series. Split the data by time before the window
/// (`TakeRows` and `SkipRows`, `FilterRowsByColumn`), and not at random as `TrainTestSplit` and `CrossValidate` do. (Trainers of this
/// package know windows by an annotation of their column, and hold out the last rows.) Windows are computed again whenever the data is
/// read; `AppendCacheCheckpoint` behind the window spares that.
/// The input is read once each time: where the label is asked for, a row comes out when the row with its label is there, and copies of the
/// rows in between are kept meanwhile (which rules out columns of images and custom types, whose values can't be copied).
///
/// **Single predictions.** A row alone has no window, so a `PredictionEngine` can't be made of a pipeline with this estimator. Keep the
/// window apart for that: transform the data first, fit and save the pipeline behind it, and give the engine rows with the window as a
/// vector of W x F values, `[VectorType(W, F)] float[]`.
/// ]]></format>
/// </remarks>
public sealed class SlidingWindowEstimator : IEstimator<SlidingWindowTransformer>
{
    /// <summary>The options of <see cref="SlidingWindowEstimator"/>.</summary>
    public sealed class Options
    {
        /// <summary>The name of the column of windows. Default: <c>Features</c>.</summary>
        public string OutputColumnName = DefaultColumnNames.Features;

        /// <summary>
        /// The columns whose values make up a step of the window; <see langword="null"/>, the default, for one column with the name of the
        /// output.
        /// </summary>
        public string[]? InputColumnNames;

        /// <summary>
        /// W: how many rows a window has, including its own row; at least 1, and W x F at most 1,048,576. There is no default.
        /// </summary>
        public int WindowSize;

        /// <summary>The name of the column of labels; <see langword="null"/>, the default, for none.</summary>
        public string? LabelColumnName;

        /// <summary>
        /// The column that the labels are taken from. <see langword="null"/>, the default, is the input if there is only one.
        /// </summary>
        public string? LabelSourceColumnName;

        /// <summary>How many rows after the window's last row the label is, at least 1. Default: 1.</summary>
        public int Horizon = 1;

        /// <summary>
        /// Whether the first W - 1 rows come out too, with NaN in their windows for values before the first row. Default:
        /// <see langword="false"/>.
        /// </summary>
        public bool KeepIncompleteWindows;
    }

    private readonly IHost _host;
    private readonly SlidingWindowSettings _settings;

    internal SlidingWindowEstimator(IHostEnvironment environment, Options options)
    {
        _settings = SettingsOf(options);
        _host = environment.Register(nameof(SlidingWindowEstimator));
    }

    private static SlidingWindowSettings SettingsOf(Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string[] inputs = options.InputColumnNames is { Length: > 0 } names ? [.. names] : [options.OutputColumnName];
        string? source = options.LabelSourceColumnName;
        if (options.LabelColumnName is not null && source is null)
        {
            source = inputs.Length == 1
                ? inputs[0]
                : throw new ArgumentException($"There are {inputs.Length} input columns, so the one to take the label from must be named.",
                    nameof(options.LabelSourceColumnName));
        }
        var settings = new SlidingWindowSettings(options.OutputColumnName, inputs, options.WindowSize, options.LabelColumnName, source,
            options.Horizon, options.KeepIncompleteWindows);
        settings.Check();
        return settings;
    }

    /// <summary>Checks the columns. Nothing is learned from the data.</summary>
    /// <param name="input">The rows in the order of time.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="input"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or isn't of a type listed above.</exception>
    public SlidingWindowTransformer Fit(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        var transformer = new SlidingWindowTransformer(_host, _settings);
        transformer.GetOutputSchema(input.Schema);
        return transformer;
    }

    /// <summary>The columns of the output.</summary>
    /// <param name="inputSchema">The columns of the input.</param>
    /// <returns><paramref name="inputSchema"/> with the window and, if there is one, the label.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="inputSchema"/> is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or isn't of a type listed above.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        foreach (string name in _settings.InputColumnNames)
            ColumnRole.Input.Find(_host, inputSchema, name);
        List<SchemaShape.Column> added =
        [
            SchemaShapes.VectorWithSlotNames(_settings.OutputColumnName, NumberDataViewType.Single, WindowOrigin.Shapes),
        ];
        if (_settings.LabelColumnName is { } label)
        {
            SchemaShape.Column source = ColumnRole.LabelSource.Find(_host, inputSchema, _settings.LabelSourceColumnName!);
            bool hasSlotNames = source.Kind == SchemaShape.Column.VectorKind.Vector
                && source.Annotations.TryFindColumn(AnnotationUtils.Kinds.SlotNames, out SchemaShape.Column slots)
                && slots.ItemType.Equals(TextDataViewType.Instance);
            added.Add(hasSlotNames
                ? SchemaShapes.VectorWithSlotNames(label, NumberDataViewType.Single)
                : SchemaShapes.Numbers(label, source.Kind));
        }
        return inputSchema.With(added);
    }
}
