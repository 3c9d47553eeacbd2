using Microsoft.ML.Lstm.Network;
using Microsoft.ML.Lstm.Persistence;

namespace Microsoft.ML.Lstm;

/// <summary>The network that a <see cref="LstmRegressionTrainer"/> trained.</summary>
/// <seealso cref="LstmRegressionTransformer"/>
public sealed class LstmRegressionModelParameters : SequenceModelParameters
{
    internal LstmRegressionModelParameters(SequenceModel network)
        : base(network)
    {
    }

    /// <summary>Reads what <see cref="SequenceModelParameters.Save(string)"/> or a checkpoint wrote, to go on training it.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The file is not such a file, or is damaged.</exception>
    public static LstmRegressionModelParameters Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new LstmRegressionModelParameters(ModelFile.Load(path));
    }

    /// <summary>Reads what <see cref="SequenceModelParameters.Save(Stream)"/> wrote.</summary>
    /// <param name="stream">Holds the network, from its position to its end; it stays open.</param>
    /// <returns>The network.</returns>
    /// <exception cref="InvalidDataException">The stream does not hold a network, or a damaged one.</exception>
    public static LstmRegressionModelParameters Load(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return new LstmRegressionModelParameters(ModelFile.Read(stream));
    }
}
