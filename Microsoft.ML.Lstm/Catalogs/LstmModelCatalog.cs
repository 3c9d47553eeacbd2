using Microsoft.ML.Data;
using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.Onnx;
using Microsoft.ML.Lstm.Onnx.Export;
using Microsoft.ML.Lstm.Onnx.Import;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Extension methods of <see cref="ModelOperationsCatalog"/>, <c>ml.Model</c>.</summary>
public static class LstmModelCatalog
{
    /// <summary>
    /// Creates a <see cref="LstmTextGenerator"/>, which goes on with texts by a pipeline that ends with a language model.
    /// </summary>
    /// <param name="catalog">The catalog, <c>ml.Model</c>.</param>
    /// <param name="model">The fitted or loaded pipeline: transforms that make tokens of a text, and what
    /// <see cref="LstmLanguageModelTrainer"/> trained behind them.</param>
    /// <param name="inputColumnName">The column of texts that the pipeline reads.</param>
    /// <returns>The generator.</returns>
    /// <exception cref="ArgumentException">The pipeline has no language model, or <paramref name="inputColumnName"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The keys of the tokens have no values to make a text of.</exception>
    /// <example>
    /// <code>
    /// ITransformer model = ml.Model.Load("poet.zip", out _);
    /// string line = ml.Model.CreateTextGenerator(model, "Text").Generate("Shall I", new() { Temperature = 0.7f, Seed = 1 });
    /// </code>
    /// </example>
    public static LstmTextGenerator CreateTextGenerator(this ModelOperationsCatalog catalog, ITransformer model,
        string inputColumnName = "Text")
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentException.ThrowIfNullOrEmpty(inputColumnName);
        return new LstmTextGenerator(catalog.GetEnvironment(), model, inputColumnName);
    }

    /// <summary>
    /// Reads a transformer of this package back from the ONNX file that its <c>ExportToOnnx</c> wrote. It gives the same columns and the
    /// same scores.
    /// </summary>
    /// <remarks>
    /// The file says in its metadata what the graph can't say plainly: the transformer, its columns, the names of labels and series, and
    /// the shape of the network. Weights come from the graph, and what the two say must agree. A
    /// <see cref="LstmForecastingTransformer"/> or <see cref="LstmAnomalyTransformer"/> knows no series, as after
    /// <see cref="LstmForecastingTransformer.WithoutHistory"/>: the states of series and the scores so far are not in the file.
    /// <para>
    /// Networks of others are read by <see cref="SequenceModelParameters.LoadOnnx(string, OnnxImportOptions?)"/> and
    /// <see cref="LstmTransformsCatalog.ApplyLstmModel(TransformsCatalog, string, string, string)"/>.
    /// </para>
    /// </remarks>
    /// <param name="catalog">The catalog, <c>ml.Model</c>.</param>
    /// <param name="path">The file.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="InvalidDataException">The file is no ONNX file, is damaged, or was changed after it was written.</exception>
    /// <exception cref="NotSupportedException">The file is an ONNX file that no transformer of this package wrote.</exception>
    /// <example>
    /// <code>
    /// using (FileStream file = File.Create("sales.onnx"))
    ///     forecaster.ExportToOnnx(file);
    /// var again = (LstmForecastingTransformer)ml.Model.LoadLstmFromOnnx("sales.onnx");
    /// </code>
    /// </example>
    public static ITransformer LoadLstmFromOnnx(this ModelOperationsCatalog catalog, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return catalog.LoadLstmFromOnnx(stream);
    }

    /// <summary>Reads a transformer of this package, see <see cref="LoadLstmFromOnnx(ModelOperationsCatalog, string)"/>.</summary>
    /// <param name="catalog">The catalog, <c>ml.Model</c>.</param>
    /// <param name="stream">Holds the file, from its position to its end; it stays open.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="InvalidDataException">The stream holds no ONNX file, or a damaged or changed one.</exception>
    /// <exception cref="NotSupportedException">The stream holds an ONNX file that no transformer of this package wrote.</exception>
    public static ITransformer LoadLstmFromOnnx(this ModelOperationsCatalog catalog, Stream stream)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(stream);
        ModelProto file = OnnxFileScan.Parse(stream, out long length);
        ModelDescription description = ModelDescription.Find(file, length)
            ?? throw new NotSupportedException("ONNX: the file was not written by ExportToOnnx of this package: its metadata says nothing "
                + "of a transformer. SequenceModelParameters.LoadOnnx and ml.Transforms.ApplyLstmModel read networks of others.");
        IHostEnvironment environment = catalog.GetEnvironment();
        return description.Transformer switch
        {
            nameof(LstmForecastingTransformer) => ForecastOnnx.Read(environment, description),
            nameof(LstmAnomalyTransformer) => LstmAnomalyTransformer.Of(environment, description),
            nameof(LstmRegressionTransformer) => Sequence(saved => LstmRegressionTransformer.Of(environment, saved)),
            nameof(LstmBinaryTransformer) => Sequence(saved => LstmBinaryTransformer.Of(environment, saved)),
            nameof(LstmMulticlassTransformer) => Sequence(saved => LstmMulticlassTransformer.Of(environment, saved)),
            nameof(LstmSequenceLabelingTransformer) => Sequence(saved => LstmSequenceLabelingTransformer.Of(environment, saved)),
            nameof(LstmCtcTransformer) => Sequence(saved => LstmCtcTransformer.Of(environment, saved)),
            nameof(LstmPerStepRegressionTransformer) => Sequence(saved => LstmPerStepRegressionTransformer.Of(environment, saved)),
            nameof(LstmPerStepBinaryTransformer) => Sequence(saved => LstmPerStepBinaryTransformer.Of(environment, saved)),
            nameof(LstmAutoencoderTransformer) => Sequence(saved => LstmAutoencoderTransformer.Of(environment, saved)),
            nameof(LstmLanguageModelTransformer) => Sequence(saved => LstmLanguageModelTransformer.Of(environment, saved)),
            nameof(LstmScoringTransformer) => Sequence(saved => LstmScoringTransformer.Of(environment, saved)),
            nameof(LstmSequenceToSequenceTransformer) => throw new NotSupportedException("ONNX: the file has an encoder or a decoder's "
                + "step; LoadLstmFromOnnx(encoder, decoderStep) reads both."),
            _ => throw new NotSupportedException($"ONNX: the file has a {OnnxText.Show(description.Transformer)}, "
                + "which this version of the package does not know."),
        };

        SequencePredictionTransformer Sequence(Func<SavedSequenceModel, SequencePredictionTransformer> create)
        {
            SequencePredictionTransformer transformer = create(SequenceOnnx.Read(description));
            description.Check(transformer.Onnx.WriteTo);
            return transformer;
        }
    }

    /// <summary>
    /// Reads a transformer that writes sequences back from the two files of
    /// <see cref="LstmSequenceToSequenceTransformer.ExportToOnnx(Stream, Stream)"/>; see
    /// <see cref="LoadLstmFromOnnx(ModelOperationsCatalog, string)"/>.
    /// </summary>
    /// <param name="catalog">The catalog, <c>ml.Model</c>.</param>
    /// <param name="encoder">Holds the encoder's file, from its position to its end; it stays open.</param>
    /// <param name="decoderStep">Holds the file of the decoder's step, likewise.</param>
    /// <returns>The transformer.</returns>
    /// <exception cref="InvalidDataException">A stream holds no ONNX file, or a damaged or changed one, or the two don't belong
    /// together.</exception>
    /// <exception cref="NotSupportedException">A stream holds another ONNX file.</exception>
    public static LstmSequenceToSequenceTransformer LoadLstmFromOnnx(this ModelOperationsCatalog catalog, Stream encoder,
        Stream decoderStep)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(decoderStep);
        ModelProto first = OnnxFileScan.Parse(encoder, out long length), second = OnnxFileScan.Parse(decoderStep, out long stepLength);
        ModelDescription? description = ModelDescription.Find(first, length + stepLength, second);
        foreach (ModelDescription? each in new[] { description, ModelDescription.Find(second, stepLength) })
        {
            if (each?.Transformer != nameof(LstmSequenceToSequenceTransformer))
                throw new NotSupportedException("ONNX: expected the files of an encoder and of its decoder's step, as ExportToOnnx of this "
                    + $"package writes them, found one of {(each is null ? "others" : $"a {OnnxText.Show(each.Transformer)}")}.");
        }
        var transformer = LstmSequenceToSequenceTransformer.Of(catalog.GetEnvironment(), SequenceOnnx.Read(description!));
        description!.Check(transformer.Onnx.WriteEncoderTo, transformer.Onnx.WriteStepTo);
        return transformer;
    }
}
