using Microsoft.ML.Lstm;
using Microsoft.ML.Lstm.Columns;
using Microsoft.ML.Lstm.Engine.Explanations;
using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.MlNet;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Sequences.SequenceToSequence;
using Microsoft.ML.Runtime;

[assembly: Microsoft.ML.LoadableClass(typeof(LstmSequenceToSequenceTransformer), null, typeof(Microsoft.ML.SignatureLoadModel),
    "LSTM Sequence To Sequence", LstmSequenceToSequenceTransformer.LoaderSignature)]

namespace Microsoft.ML.Lstm;

/// <summary>
/// Writes another sequence for each row's sequence, with an encoder and a decoder that a <see cref="LstmSequenceToSequenceTrainer"/>
/// trained.
/// </summary>
/// <remarks>
/// <format type="text/markdown"><![CDATA[
/// ### Output Columns
/// * `PredictedLabel`: variable-sized vector of Key. The sequence that was written. It has the label's key values, if that had any, so that
///   `MapKeyToValue` gives the keys their names back.
/// * `Score`: <xref:System.Single>. The logarithm of the probability of that sequence, its end included.
/// * `PredictedLabel2`, `Score2` and so on, with several predictions: the next best sequences of the beam; empty and NaN where it ended
///   with fewer.
/// * the trainer's `AttentionColumnName`, if given: variable-sized vector of <xref:System.Single>. For each key that was written the
///   weights of the steps that were read.
///
/// A row that can't be read gets an empty sequence and NaN.
/// ]]></format>
/// </remarks>
/// <seealso cref="LstmCatalog"/>
public sealed class LstmSequenceToSequenceTransformer : SequencePredictionTransformer
{
    internal const string LoaderSignature = "LstmSequenceToSequence";

    internal LstmSequenceToSequenceTransformer(IHostEnvironment environment, SequenceModelParameters model, ScoringColumns columns)
        : base(environment.Register(nameof(LstmSequenceToSequenceTransformer)), model, columns)
    {
    }

    /// <summary>How many beginnings of a sequence are gone on with.</summary>
    public int BeamSize => Columns.Decoding!.BeamSize;

    /// <summary>
    /// How long sequences are compared with short ones, see <see cref="LstmSequenceToSequenceTrainer.Options.LengthPenalty"/>.
    /// </summary>
    public float LengthPenalty => Columns.Decoding!.LengthPenalty;

    /// <summary>The most tokens that are written for a row.</summary>
    public int MaximumOutputLength => Columns.Decoding!.MaximumLength;

    /// <summary>How many of the best sequences of a beam are columns.</summary>
    public int NumberOfPredictions => Columns.Decoding!.Predictions;

    /// <summary>A copy of this transformer that writes in another way, which <c>ml.Model.Save</c> keeps.</summary>
    /// <param name="beamSize">How many beginnings are gone on with, 1 to 64; 1 takes the most probable token at each step.</param>
    /// <param name="lengthPenalty">How long sequences are compared with short ones, 0 or more; <see langword="null"/> for no
    /// change.</param>
    /// <param name="maximumOutputLength">The most tokens of a sequence, from 1; <see langword="null"/> for no change.</param>
    /// <param name="numberOfPredictions">How many of the best sequences are columns, from 1 to <paramref name="beamSize"/>;
    /// <see langword="null"/> for as many as before, and no more than <paramref name="beamSize"/>.</param>
    /// <returns>The copy; this transformer stays as it is.</returns>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of its range.</exception>
    public LstmSequenceToSequenceTransformer WithDecoding(int beamSize, float? lengthPenalty = null, int? maximumOutputLength = null,
        int? numberOfPredictions = null)
    {
        float penalty = lengthPenalty ?? LengthPenalty;
        int predictions = numberOfPredictions ?? Math.Min(NumberOfPredictions, beamSize);
        LstmSequenceToSequenceTrainer.Options.RequireDecoding(beamSize, penalty, maximumOutputLength, predictions);
        return new LstmSequenceToSequenceTransformer(Host, Model, Columns with
        {
            Decoding = new DecodingSettings(beamSize, penalty, maximumOutputLength ?? MaximumOutputLength) { Predictions = predictions },
        });
    }

    /// <summary>
    /// Writes the network as two ONNX models (operator set 17), with the scaling of its inputs, so that another runtime can write
    /// sequences, greedily or by a search of its own: the encoder, which reads a batch of sequences once, and the decoder's step, which is
    /// run for each token.
    /// </summary>
    /// <remarks>
    /// The encoder has the inputs of <see cref="SequencePredictionTransformer.ExportToOnnx(Stream)"/>. Its outputs are <c>State</c>, floats
    /// [batch, numbers], with which the decoder begins, and, if the decoder looks at its source, <c>Memory</c>, floats [batch, time,
    /// numbers], 0 behind the end of a row. For a row that can't be read both are NaN.
    /// <para>
    /// The step has the inputs <c>Token</c>, unsigned 32-bit integers [batch], the key that was written last, and before the first key the
    /// end, which is the key behind the label column's last; <c>State</c>; and with attention <c>Memory</c> and <c>Lengths</c>, 64-bit
    /// integers [batch], the steps of each source, which may be left out where all are as long as the time axis. Its outputs are
    /// <c>LogProbabilities</c>, floats [batch, keys + 1]: place i is that of key i + 1, minus infinity for a key that training did not
    /// have, and the last place is that of the end, so that the token to write, and to give to the next step, is the largest's place + 1;
    /// <c>NextState</c>, the state of the next step; and with attention <c>Attention</c>, floats [batch, time], the weights of the source's
    /// steps. The names of the keys are in the metadata, under <c>LogProbabilities</c>, as a JSON array of texts.
    /// </para>
    /// <para>
    /// The step after n tokens depends on nothing else, so a beam search gives the rows of the states that it goes on with, and
    /// <c>Memory</c> in the same order.
    /// </para>
    /// </remarks>
    /// <param name="encoder">Receives the encoder.</param>
    /// <param name="decoderStep">Receives the decoder's step.</param>
    /// <exception cref="ArgumentNullException">An argument is <see langword="null"/>.</exception>
    /// <exception cref="InvalidOperationException">A part has more weights than an ONNX file can hold, 2 GB.</exception>
    /// <example>
    /// <code>
    /// using (FileStream encoder = File.Create("encoder.onnx"), step = File.Create("decoder.onnx"))
    ///     translator.ExportToOnnx(encoder, step);
    /// </code>
    /// </example>
    public void ExportToOnnx(Stream encoder, Stream decoderStep)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        ArgumentNullException.ThrowIfNull(decoderStep);
        CheckSavable();
        Onnx.WriteFiles(encoder, decoderStep);
    }

    private protected override OutputFunction ScoreFunction => OutputFunction.None;

    private protected override ExplainedOutput Explained(ExplanationOptions options)
        => throw new NotSupportedException(
            "What a decoder writes has no explanation by gradients; AttentionColumnName shows what it looked at.");

    private protected override IReadOnlyList<OutputColumn> CreateOutputs()
        => [.. SequenceToSequenceOutputs.Create(Model.Network.Shape.Target!.Value, Model.LabelValues, Columns.Decoding!.Predictions)];

    private protected override VersionInfo GetVersionInfo() => Version;

    private static VersionInfo Version => ModelEntry.Version("LSTMS2SQ", LoaderSignature);

    // ML.NET finds this method by its name and parameters.
    internal static LstmSequenceToSequenceTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
        => Load(env, ctx, Version, saved => Of(env, saved));

    /// <summary>Makes the transformer that a file has.</summary>
    /// <exception cref="InvalidDataException">The file has that of another task.</exception>
    internal static LstmSequenceToSequenceTransformer Of(IHostEnvironment environment, SavedSequenceModel saved)
    {
        SequenceModelParameters model = saved.Check(Head.SequenceToSequence, hasClasses: false, LabelKind.KeySequenceWithGaps);
        model.LabelValues?.Check(model.Network.Shape.ClassCount);
        return new LstmSequenceToSequenceTransformer(environment, model, saved.Columns);
    }
}
