using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// Everything that is saved as JSON, except the header of safetensors, whose property names are the names of tensors. The compiler
/// generates the code that reads and writes it, so it works in a trimmed program too.
/// </summary>
/// <remarks>
/// JSON is accepted only in the form in which it is written: each name once, no unknown names, null only where it is allowed, numbers as
/// numbers. A property that is added later has a setter (<c>get; set;</c>) and a default that means what files without it mean; with
/// <c>get; init;</c> the generated code would give it the default of its type instead.
/// </remarks>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false,
    MaxDepth = 8)]
[JsonSerializable(typeof(SavedNetwork))]
[JsonSerializable(typeof(SavedTraining))]
[JsonSerializable(typeof(SavedInputs))]
[JsonSerializable(typeof(ScoringColumns))]
[JsonSerializable(typeof(CopyingColumns))]
[JsonSerializable(typeof(SavedForecast))]
[JsonSerializable(typeof(SavedAnomaly))]
[JsonSerializable(typeof(SlidingWindowSettings))]
[JsonSerializable(typeof(SubwordSettings))]
[JsonSerializable(typeof(SavedGeneration))]
[JsonSerializable(typeof(Dictionary<string, int>))]
[JsonSerializable(typeof(TrainingReport))]
internal sealed partial class SavedJsonContext : JsonSerializerContext;
