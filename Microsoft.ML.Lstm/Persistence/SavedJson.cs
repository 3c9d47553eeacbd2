using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.Lstm.Persistence;

/// <summary>The settings of a transformer as JSON: strict when read, so that a damaged file is told from a good one.</summary>
internal static class SavedJson
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter() },
    };

    public static byte[] Write<T>(T settings) => JsonSerializer.SerializeToUtf8Bytes(settings, Options);

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="what">What can't be read when it can't be read.</param>
    /// <exception cref="InvalidDataException">It is not the JSON of a <typeparamref name="T"/>.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, string what)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new InvalidDataException($"{what} can't be read: expected an object, found null.");
        }
        catch (JsonException error)
        {
            throw new InvalidDataException($"{what} can't be read: {error.Message}", error);
        }
    }
}
