using System.Text.Json.Serialization;
using Microsoft.ML.Lstm.Anomalies;
using Microsoft.ML.Lstm.Forecasting;
using Microsoft.ML.Lstm.Sequences;
using Microsoft.ML.Lstm.Windows;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// All that is saved as JSON, but for the header of safetensors, whose names are the tensors'. The code that reads and writes it is made by
/// the compiler, so that it is there in a trimmed program too.
/// </summary>
/// <remarks>
/// What is read has to be what would be written: each name once, no other names, no null where none may be, numbers as numbers. A property
/// that is added later has a setter (<c>get; set;</c>) and a default that means what files without it meant; with <c>get; init;</c> the
/// compiler's code would give it the default of its type instead.
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
[JsonSerializable(typeof(ScoringColumns))]
[JsonSerializable(typeof(SavedForecast))]
[JsonSerializable(typeof(SavedAnomaly))]
[JsonSerializable(typeof(SlidingWindowSettings))]
internal sealed partial class SavedJsonContext : JsonSerializerContext;
