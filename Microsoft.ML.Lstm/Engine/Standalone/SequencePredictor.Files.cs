using Microsoft.ML.Lstm.Engine.Files;
using Microsoft.ML.Lstm.Engine.Files.PyTorch;
using Microsoft.ML.Lstm.Engine.Network;
using Microsoft.ML.Lstm.Engine.Parameters;
using Microsoft.ML.Lstm.Engine.Standalone;

namespace Microsoft.ML.Lstm;

// Files.
public sealed partial class SequencePredictor
{
    private const string PerStepBinary = "LstmPerStepBinary";

    /// <summary>Reads a network.</summary>
    /// <param name="path">A model.zip of ML.NET with a transformer of this package on sequences; a safetensors file or checkpoint of this
    /// package; or a state dict of PyTorch (.pt, .pth, safetensors).</param>
    /// <param name="pyTorch">What the tensors of a state dict can't say; <see langword="null"/> for a linear layer on the last
    /// state.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The file is damaged, or holds no such network.</exception>
    /// <exception cref="NotSupportedException">The file holds something else, such as a forecaster; the message says what.</exception>
    public static SequencePredictor Load(string path, PyTorchImportOptions? pyTorch = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream stream = File.OpenRead(path);
        return Load(stream, pyTorch);
    }

    /// <summary>Reads a network, see <see cref="Load(string, PyTorchImportOptions?)"/>.</summary>
    /// <param name="stream">Holds the file, from its position to its end; it stays open.</param>
    /// <param name="pyTorch">What the tensors of a state dict can't say.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The stream is damaged, or holds no such network.</exception>
    public static SequencePredictor Load(Stream stream, PyTorchImportOptions? pyTorch = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        stream = WholeStream.Of(stream);
        if (StateDict.IsSafeTensors(stream) && ModelFile.IsModel(SafeTensors.ReadHeader(stream, out _)))
        {
            stream.Position = 0;
            SequenceModel model = ModelFile.Read(stream, out SafeTensors beside);
            if (model.Shape.Head is not (Head.Pooled or Head.EveryStep or Head.EveryStepWithSkip))
                throw new NotSupportedException(
                    "A network with a conditional random field, a decoder or tokens as its outputs is read from its model.zip.");
            return new SequencePredictor(new ScoringNetwork(model), columns: null, SequencePredictionTask.Outputs,
                SavedInputs.From(beside, model.Shape)?.Function ?? OutputFunction.None);
        }
        stream.Position = 0;
        if (StateDict.IsSafeTensors(stream) || StateDict.IsPyTorchArchive(stream))
        {
            using StateDict file = StateDict.Open(stream);
            pyTorch ??= new PyTorchImportOptions();
            return new SequencePredictor(new ScoringNetwork(StateDictNetwork.Read(file, pyTorch).Model), columns: null,
                SequencePredictionTask.Outputs, pyTorch.OutputFunction);
        }
        using ModelArchive archive = ModelArchive.Open(stream);
        return Read(archive);
    }

    private static SequencePredictor Read(ModelArchive archive)
    {
        SequencePredictionTask task = archive.Loader switch
        {
            "LstmRegression" or "LstmPerStepRegression" => SequencePredictionTask.Regression,
            "LstmBinary" or PerStepBinary => SequencePredictionTask.BinaryClassification,
            "LstmMulticlass" => SequencePredictionTask.MulticlassClassification,
            "LstmSequenceLabeling" => SequencePredictionTask.Labeling,
            "LstmAutoencoder" => SequencePredictionTask.AnomalyDetection,
            "LstmScoring" => SequencePredictionTask.Outputs,
            var other => throw new NotSupportedException($"The model is {other}, which its own transformer scores."),
        };
        ScoringColumns columns = ScoringColumns.FromJson(archive.ReadJson("Columns.json"));
        SequenceModel model = ModelFile.Read(archive.ReadNumbers("Model.safetensors"));
        NetworkShape shape = model.Shape;
        bool isRight = task switch
        {
            SequencePredictionTask.AnomalyDetection => shape.Head == Head.Autoencoder && columns.Threshold is >= 0,
            SequencePredictionTask.Labeling => shape.Head is Head.EveryStep or Head.Crf,
            SequencePredictionTask.BinaryClassification when archive.Loader == PerStepBinary
                => shape.Head is Head.EveryStep or Head.EveryStepWithSkip && columns.Threshold is >= 0 and <= 1,
            SequencePredictionTask.BinaryClassification
                => shape.Head == Head.Pooled && shape.OutputSize == 1 && columns.Threshold is not null,
            SequencePredictionTask.Outputs or SequencePredictionTask.Regression
                => shape.Head is Head.Pooled or Head.EveryStep or Head.EveryStepWithSkip,
            _ => shape.Head == Head.Pooled,
        };
        if (!isRight || columns.Features.Sum(column => (long)column.FeaturesPerStep) != shape.NumericSize
            || (columns.LabelValues is { } values && values.Values?.Length != shape.ClassCount))
            throw new InvalidDataException("A saved LSTM model can't be read: its network is not that of its columns.");
        return new SequencePredictor(new ScoringNetwork(model), columns, task, columns.OutputFunction ?? OutputFunction.None);
    }
}
