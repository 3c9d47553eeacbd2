using System.Runtime.CompilerServices;
using Microsoft.ML.Data;
using Microsoft.ML.Lstm;

namespace Microsoft.ML;

/// <summary>Extensions of ML.NET's catalog of transforms: sliding windows, and anomaly detection in series.</summary>
public static class LstmTransformsCatalog
{
    /// <summary>
    /// Creates a <see cref="SlidingWindowEstimator"/>, which adds to the rows of a time-ordered series a window of the last rows' values
    /// and, if asked for, a later value as the label.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of windows to add: W x F values of <see cref="float"/>, the oldest row first.</param>
    /// <param name="windowSize">W: how many rows a window has, including its own row; at least 1, and W x F at most 1,048,576.</param>
    /// <param name="inputColumnNames">The columns whose values, F in all, each row adds to the window: <see cref="float"/> or known-size
    /// vectors of it. <see langword="null"/> for one column called <paramref name="outputColumnName"/>.</param>
    /// <param name="labelColumnName">The column of labels to add; <see langword="null"/> for none.</param>
    /// <param name="labelSourceColumnName">The column that the labels are taken from; <see langword="null"/> for the input column if there
    /// is only one.</param>
    /// <param name="horizon">How many rows after the window's last row the label is, at least 1.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="windowSize"/> or <paramref name="horizon"/> is out of
    /// range.</exception>
    /// <exception cref="ArgumentException">A name is empty, the window and the label have the same name, or there are several inputs and a
    /// label but no <paramref name="labelSourceColumnName"/>.</exception>
    /// <example>
    /// <code>
    /// // From hourly rows: two sensors' readings of a day, and the next hour's power as the label.
    /// var pipeline = ml.Transforms.SlidingWindow("Window", 24, ["Temperature", "Power"],
    ///         labelColumnName: "Next", labelSourceColumnName: "Power")
    ///     .Append(ml.Regression.Trainers.Lstm(labelColumnName: "Next", featureColumnName: "Window"));
    /// </code>
    /// </example>
    [OverloadResolutionPriority(1)] // So that null means no names, rather than one missing name.
    public static SlidingWindowEstimator SlidingWindow(this TransformsCatalog catalog, string outputColumnName, int windowSize,
        string[]? inputColumnNames = null, string? labelColumnName = null, string? labelSourceColumnName = null, int horizon = 1)
        => catalog.SlidingWindow(new SlidingWindowEstimator.Options
        {
            OutputColumnName = outputColumnName,
            WindowSize = windowSize,
            InputColumnNames = inputColumnNames,
            LabelColumnName = labelColumnName,
            LabelSourceColumnName = labelSourceColumnName,
            Horizon = horizon,
        });

    /// <summary>
    /// Creates a <see cref="SlidingWindowEstimator"/> with one input column, which adds to the rows of a time-ordered series a window of
    /// the last rows' values and, if asked for, a later value as the label.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column of windows to add: W x F values of <see cref="float"/>, the oldest row first.</param>
    /// <param name="windowSize">W: how many rows a window has, including its own row; at least 1, and W x F at most 1,048,576.</param>
    /// <param name="inputColumnName">The column whose values, F of them, each row adds to the window: <see cref="float"/> (F = 1) or a
    /// known-size vector of it.</param>
    /// <param name="labelColumnName">The column of labels to add; <see langword="null"/> for none.</param>
    /// <param name="labelSourceColumnName">The column that the labels are taken from; <see langword="null"/> for
    /// <paramref name="inputColumnName"/>.</param>
    /// <param name="horizon">How many rows after the window's last row the label is, at least 1.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="windowSize"/> or <paramref name="horizon"/> is out of
    /// range.</exception>
    /// <exception cref="ArgumentException">A name is empty, or the window and the label have the same name.</exception>
    /// <example>
    /// <code>
    /// // From monthly rows: the last twelve months' counts, and the next month's as the label.
    /// var pipeline = ml.Transforms.SlidingWindow("Window", 12, "Passengers", labelColumnName: "Next")
    ///     .Append(ml.Regression.Trainers.Lstm(labelColumnName: "Next", featureColumnName: "Window"));
    /// </code>
    /// </example>
    public static SlidingWindowEstimator SlidingWindow(this TransformsCatalog catalog, string outputColumnName, int windowSize,
        string inputColumnName, string? labelColumnName = null, string? labelSourceColumnName = null, int horizon = 1)
        => catalog.SlidingWindow(outputColumnName, windowSize, [inputColumnName], labelColumnName, labelSourceColumnName, horizon);

    /// <summary>
    /// Creates a <see cref="SlidingWindowEstimator"/> with all its options, which adds to the rows of a time-ordered series a window of the
    /// last rows' values.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the estimator.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of its range.</exception>
    /// <exception cref="ArgumentException">Names are missing or contradict each other.</exception>
    /// <example>
    /// <code>
    /// // Two sensors' last 48 readings, also for the first 47 rows, which have fewer.
    /// var window = ml.Transforms.SlidingWindow(new()
    /// {
    ///     WindowSize = 48,
    ///     InputColumnNames = ["Heat", "Flow"],
    ///     KeepIncompleteWindows = true,
    /// });
    /// </code>
    /// </example>
    public static SlidingWindowEstimator SlidingWindow(this TransformsCatalog catalog, SlidingWindowEstimator.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Creates a <see cref="LstmAnomalyEstimator"/>, which detects the rows of a series that differ from what the rows before them suggest.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column to add: alert, score, p-value, expected value, upper and lower bound, a vector of
    /// <see cref="double"/>.</param>
    /// <param name="inputColumnName">The column of values, <see cref="float"/>, the rows in the order of time; <see langword="null"/> for
    /// one called <paramref name="outputColumnName"/>.</param>
    /// <param name="confidence">In percent, above 0 and below 100: a row gets an alert if a score like its own has a probability of at most
    /// 100 minus this when nothing is wrong.</param>
    /// <param name="windowSize">How many steps back the network learns to look, 1 to 100000; <see langword="null"/>: chosen from the
    /// data.</param>
    /// <param name="side">On which side of the expected value a value has to be for an alert.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    /// <example>
    /// <code>
    /// var detector = ml.Transforms.DetectAnomalyByLstm("Anomaly", "Temperature", confidence: 99.9).Fit(history);
    /// using var engine = detector.CreateForecastEngine&lt;Reading, Verdict&gt;(ml);
    /// bool isAlert = engine.Predict(reading).Anomaly[0] == 1;
    /// </code>
    /// </example>
    public static LstmAnomalyEstimator DetectAnomalyByLstm(this TransformsCatalog catalog, string outputColumnName,
        string? inputColumnName = null,
        double confidence = LstmAnomalyEstimator.Options.DefaultConfidence,
        int? windowSize = null,
        ResidualSide side = ResidualSide.TwoSided)
        => catalog.DetectAnomalyByLstm(new LstmAnomalyEstimator.Options
        {
            OutputColumnName = outputColumnName,
            InputColumnName = inputColumnName,
            Confidence = confidence,
            WindowSize = windowSize,
            Side = side,
        });

    /// <summary>
    /// Creates a <see cref="LstmAnomalyEstimator"/> with all its options, which detects the rows of one or many series that differ from
    /// what the rows before them suggest.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the estimator.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <example>
    /// <code>
    /// var estimator = ml.Transforms.DetectAnomalyByLstm(new()
    /// {
    ///     InputColumnName = "Load",
    ///     TimeColumnName = "Time",
    ///     SeriesColumnName = "Machine",
    ///     SmoothingWindow = 12,
    /// });
    /// </code>
    /// </example>
    public static LstmAnomalyEstimator DetectAnomalyByLstm(this TransformsCatalog catalog, LstmAnomalyEstimator.Options options)
        => new(catalog.GetEnvironment(), options);

    /// <summary>
    /// Creates a <see cref="LstmScoringEstimator"/>, which applies the LSTM, GRU or RNN of an ONNX file, or of a state dict of PyTorch,
    /// to a column of sequences, without ONNX Runtime.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="outputColumnName">The column for the network's outputs.</param>
    /// <param name="inputColumnName">The column of sequences: a vector of <see cref="float"/>, T steps of F features, or of keys, one per
    /// step.</param>
    /// <param name="modelFile">The file: ONNX, as PyTorch and others write it, a state dict (.pt, .pth or safetensors), or what
    /// <see cref="SequenceModelParameters.Save(string)"/> wrote.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="InvalidDataException">The file is of no such format, or is damaged.</exception>
    /// <exception cref="NotSupportedException">The file has what networks of this package don't have; the message names the node and says
    /// why.</exception>
    /// <example>
    /// <code>
    /// // What PyTorch's torch.onnx.export(model, ..., "load.onnx") wrote, for the last 24 hours of two sensors.
    /// var pipeline = ml.Transforms.SlidingWindow("Window", 24, ["Temperature", "Power"])
    ///     .Append(ml.Transforms.ApplyLstmModel("Load", "Window", "load.onnx"));
    /// </code>
    /// </example>
    public static LstmScoringEstimator ApplyLstmModel(this TransformsCatalog catalog, string outputColumnName, string inputColumnName,
        string modelFile)
        => catalog.ApplyLstmModel(new LstmScoringEstimator.Options
        {
            OutputColumnName = outputColumnName,
            InputColumnNames = [inputColumnName],
            ModelFile = modelFile,
        });

    /// <summary>
    /// Creates a <see cref="LstmScoringEstimator"/> with all its options, which applies a network that was trained elsewhere to columns of
    /// sequences.
    /// </summary>
    /// <param name="catalog">The transforms of <see cref="MLContext"/>.</param>
    /// <param name="options">The options. Later changes to the object have no effect on the estimator.</param>
    /// <returns>The estimator.</returns>
    /// <exception cref="ArgumentException">Options are missing or contradict each other.</exception>
    /// <exception cref="InvalidDataException">The file is no ONNX file, or is damaged.</exception>
    /// <exception cref="NotSupportedException">The file has what networks of this package don't have; the message names the node and says
    /// why.</exception>
    /// <example>
    /// <code>
    /// // The encoding of a frozen network as features for another trainer.
    /// var pipeline = ml.Transforms.ApplyLstmModel(new()
    ///     {
    ///         ModelFile = "load.onnx",
    ///         InputColumnNames = ["Window"],
    ///         OutputColumnName = null,
    ///         EncodingColumnName = "Features",
    ///     })
    ///     .Append(ml.Regression.Trainers.Sdca());
    /// </code>
    /// </example>
    public static LstmScoringEstimator ApplyLstmModel(this TransformsCatalog catalog, LstmScoringEstimator.Options options)
        => new(catalog.GetEnvironment(), options);
}
