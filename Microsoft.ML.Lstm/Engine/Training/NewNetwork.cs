using System.Numerics.Tensors;
using Microsoft.ML.Lstm.Engine.Kernels;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Training;

/// <summary>Creates the network that a training begins with.</summary>
internal static class NewNetwork
{
    /// <summary>The shape of the network to train.</summary>
    /// <param name="settings">The network and its training.</param>
    /// <param name="task">The task of the network.</param>
    /// <param name="data">The training data.</param>
    /// <param name="pretrained">For each token column its pretrained embeddings, whose size the table takes, or null; see
    /// <see cref="TrainingJob"/>.</param>
    /// <exception cref="ArgumentException">The pretrained embeddings don't match the token columns of the data.</exception>
    public static NetworkShape ShapeOf(TrainingSettings settings, TrainingTask task, TrainingData data,
        IReadOnlyList<PretrainedEmbeddings?>? pretrained = null)
    {
        if (pretrained is not null && pretrained.Count != data.Vocabularies.Count)
            throw new ArgumentException(
                $"Embeddings are given for {pretrained.Count} token columns, but there are {data.Vocabularies.Count}.", nameof(pretrained));
        EmbeddingShape[] tables = [.. data.Vocabularies.Select((vocabulary, i) =>
            (pretrained?[i]?.Shape ?? new EmbeddingShape(vocabulary, settings.Tokens.EmbeddingSize)) with { Keys = data.Keys[i] })];
        for (int i = 0; i < tables.Length; i++)
        {
            if (tables[i].Vocabulary != data.Vocabularies[i])
                throw new ArgumentException(
                    $"Embeddings are given for {tables[i].Vocabulary} tokens, but token column {i} has {data.Vocabularies[i]}.",
                    nameof(pretrained));
        }
        var embeddings = new ValueList<EmbeddingShape>(tables);
        CharacterShape? characters = data.Words is not { } words ? null : new CharacterShape(
            new EmbeddingShape(words.Vocabulary, settings.Characters.EmbeddingSize) { Keys = words.Known },
            settings.Characters.Filters, settings.Characters.KernelSize);
        return task.WithOutputs(new NetworkShape
        {
            Cell = settings.CellType,
            InputSize = data.FeatureSize + (int)embeddings.Sum(embedding => embedding.Size) + (characters?.Filters ?? 0),
            Embeddings = embeddings,
            Characters = characters,
            HiddenSize = settings.HiddenSize,
            Layers = settings.NumberOfLayers,
            Bidirectional = settings.Bidirectional,
            Pooling = settings.Pooling,
            Convolutions = settings.Convolutions,
            PoolsConvolutionsByMax = settings.PoolsConvolutionsByMax,
            StepsPerFrame = settings.StepsPerFrame,
            InputConvolutions = settings.InputConvolutions,
            StaticSize = data.StaticSize,
            SkipSteps = data.FeatureSize > 0 ? settings.SkipSteps : 0,
            OutputSize = 1,
        }, data);
    }

    /// <summary>A network with random weights, the pretrained embeddings, and the scaling of the training data.</summary>
    /// <param name="job">The training.</param>
    /// <param name="random">Draws the weights.</param>
    /// <param name="team">The threads that share large matrices.</param>
    /// <param name="cancellation">Cancels with an exception.</param>
    public static SequenceModel Create(TrainingJob job, Random random, WorkerTeam team, CancellationToken cancellation)
    {
        TrainingData data = job.Training;
        var parameters = new ParameterSet(ShapeOf(job.Settings, job.Task, data, job.Embeddings));
        Initializer.Initialize(parameters, job.Settings.InitialForgetBias, random, team, cancellation);
        job.Task.Initialize(parameters, data);
        foreach ((int table, int token, float[] vector) in PretrainedVectors(job))
            vector.CopyTo(parameters.Row(parameters.Embeddings[table], token));
        if (job.Encoder is { } encoder)
            BeginWith(encoder.Parameters, parameters, job.Embeddings!);
        ModelScalers scalers = job.Scalers ?? ScalersOf(job, parameters.Shape.OutputSize, cancellation);
        return new SequenceModel(parameters, scalers.Input, scalers.Static, scalers.Output);
    }

    /// <summary>The scaling of a new network, whose features are scaled as its layers have learned, where these are trained.</summary>
    /// <param name="job">The training.</param>
    /// <param name="outputSize">O: the network's outputs.</param>
    /// <param name="cancellation">Cancels with an exception.</param>
    public static ModelScalers ScalersOf(TrainingJob job, int outputSize, CancellationToken cancellation)
    {
        ModelScalers scalers = ScalersOf(job.Settings, job.Task, outputSize, job.Training, cancellation);
        return job.Encoder is null ? scalers
            : scalers with { Input = job.Encoder.InputScaler.WithScalesOfConstants(scalers.Input) };
    }

    /// <summary>
    /// Takes the layers of another network that are under its output layer. Tokens that it does not know begin with the mean of those that
    /// it knows.
    /// </summary>
    private static void BeginWith(ParameterSet encoder, ParameterSet parameters, IReadOnlyList<PretrainedEmbeddings?> pretrained)
    {
        foreach (Parameter parameter in parameters.Parameters.Where(parameter => parameter.IsOfEncoder))
        {
            if (encoder.Parameters.FirstOrDefault(one => one.Name == parameter.Name) is not { } source)
                continue;
            int[]? rows = parameter.Role == ParameterRole.Embedding
                ? ModelWidening.RowsOf(encoder.Shape.Characters!.Value.Table, parameters.Shape.Characters!.Value.Table)
                : null;
            ModelWidening.Copy(encoder[source], parameters[parameter], source.Columns, parameter.Columns, rows, columns: null);
        }
        foreach ((Parameter table, PretrainedEmbeddings? known) in parameters.Embeddings.Zip(pretrained))
        {
            float[] mean = new float[table.Columns];
            foreach (int token in known!.Tokens)
                TensorPrimitives.Add(mean, known[token], mean);
            TensorPrimitives.Divide(mean, known.Tokens.Count(), mean);
            for (int token = 0; token < table.Rows; token++)
            {
                // Behind the tokens there may be the boundary of texts, which is new where no language model was trained before.
                if (token > known.Shape.Vocabulary || known[token] is null)
                    mean.CopyTo(parameters.Row(table, token));
            }
        }
    }

    /// <summary>The scaling of a new network.</summary>
    /// <param name="settings">Say whether features are scaled.</param>
    /// <param name="task">Scales the targets.</param>
    /// <param name="outputSize">O: the network's outputs.</param>
    /// <param name="data">The training data, in the user's units.</param>
    /// <param name="cancellation">Cancels with an exception.</param>
    public static ModelScalers ScalersOf(TrainingSettings settings, TrainingTask task, int outputSize, TrainingData data,
        CancellationToken cancellation)
    {
        float[] features = [];
        return new ModelScalers(
            Scaler(data.FeatureSize, FeaturesOf),
            Scaler(data.StaticSize, sequence => sequence.Statics),
            task.ScaleTargets(outputSize, data));

        AffineScaler Scaler(int size, Func<TrainingSequence, float[]> values)
            => size == 0 ? AffineScaler.Identity(0)
                : settings.NormalizeFeatures ? AffineScaler.Standardize(size, Sequences().Select(values))
                : AffineScaler.KeepUnits(size, Sequences().Select(values));

        float[] FeaturesOf(TrainingSequence sequence)
        {
            if (features.Length != sequence.FeatureCount)
                features = new float[sequence.FeatureCount];
            sequence.CopyFeaturesTo(features);
            return features;
        }

        IEnumerable<TrainingSequence> Sequences() => data.Sequences.Select(sequence =>
        {
            cancellation.ThrowIfCancellationRequested();
            return sequence;
        });
    }

    /// <summary>The pretrained embeddings, each with its table and token.</summary>
    public static IEnumerable<(int Table, int Token, float[] Vector)> PretrainedVectors(TrainingJob job) =>
        from table in Enumerable.Range(0, job.Embeddings?.Count ?? 0)
        let pretrained = job.Embeddings![table]
        where pretrained is not null
        from token in pretrained.Tokens
        select (table, token, pretrained[token]!);
}
