namespace Microsoft.ML.Lstm.Engine.Training.Objectives;

/// <summary>How much a row counts by its class; all the same when there are no weights. A missing label counts nothing.</summary>
internal readonly struct ClassWeights(float[]? weights)
{
    public float this[int label] => label < 0 ? 0f : weights is null ? 1f : weights[label];
}
