using Microsoft.ML.Data;

namespace Microsoft.ML;

/// <summary>What a prediction engine reads and gives, and whether it disposes its transformer with itself.</summary>
public sealed class PredictionEngineOptions
{
    public bool IgnoreMissingColumns = true;
    public SchemaDefinition InputSchemaDefinition;
    public SchemaDefinition OutputSchemaDefinition;
    public bool OwnsTransformer = true;
}
