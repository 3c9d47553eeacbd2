using System.Text;
using Microsoft.ML.Lstm.Engine.Parameters;

namespace Microsoft.ML.Lstm.Engine.Files;

/// <summary>
/// The JSON of what a network from an ONNX file reads and how its outputs are to be read, and of what keys stand for, the text
/// <c>inputs</c> beside the network in <see cref="ModelFile"/>.
/// </summary>
/// <param name="Names">The inputs of numbers or tokens, in the order in which the network reads them.</param>
/// <param name="NumericSizes">The features that each input of numbers has for a step.</param>
internal sealed record SavedInputs(string[] Names, int[] NumericSizes)
{
    private const string Name = "inputs";

    /// <summary>The input of static features; null for none, and where names are unknown.</summary>
    public string? Static { get; init; }

    /// <summary>The function of the outputs; null for none.</summary>
    public OutputFunction? Function { get; init; }

    /// <summary>What the network has learned of each row; null where that is unknown.</summary>
    public LabelKind? LabelKind { get; set; }

    /// <summary>The values of the keys of the label; null where they are unknown.</summary>
    public SavedKeyValues? Labels { get; set; }

    /// <summary>
    /// For each column of tokens the values of the keys that the network knows, or null where they are unknown; null in place of the list
    /// where all are, and for a language model.
    /// </summary>
    public SavedKeyValues?[]? Tokens { get; set; }

    /// <summary>What is written beside the network.</summary>
    public SafeTensors ToBeside()
        => new(new Dictionary<string, string>
        {
            [Name] = Encoding.UTF8.GetString(SavedJson.Write(this, SavedJsonContext.Default.SavedInputs, indented: false)),
        }, []);

    /// <summary>Reads what was written beside a network.</summary>
    /// <returns>The inputs; null where the file says nothing of them.</returns>
    /// <exception cref="InvalidDataException">They are damaged, or not those of the network.</exception>
    public static SavedInputs? From(SafeTensors beside, NetworkShape shape)
    {
        if (!beside.Metadata.TryGetValue(Name, out string? json))
            return null;
        SavedInputs saved = SavedJson.Read(Encoding.UTF8.GetBytes(json), inputs => inputs.Object(From), "The inputs of an LSTM model");
        bool areNamed = saved.Names.Length == 0
            || saved.Names.Length == saved.NumericSizes.Count(size => size > 0) + shape.Embeddings.Count;
        return areNamed && saved.NumericSizes.All(size => size >= 0)
            && saved.NumericSizes.Sum(size => (long)size) == shape.NumericSize && (saved.Static is null || shape.StaticSize > 0)
            && (saved.Tokens is null || saved.Tokens.Length == shape.Embeddings.Count)
            ? saved
            : throw new InvalidDataException(
                $"The inputs of an LSTM model can't be read: expected those of {shape.NumericSize} features and {shape.Embeddings.Count} "
                + $"columns of tokens, found {saved.Names.Length} names for {saved.NumericSizes.Sum(size => (long)size)} features.");
    }

    private static SavedInputs From(SavedValue json)
        => new(json["names"].Array(name => name.Text()), json["numericSizes"].Array(size => size.Int32()))
        {
            Static = json.Find("static")?.Text(),
            Function = json.Find("function")?.Enum<OutputFunction>(),
            LabelKind = json.Find("labelKind")?.Enum<LabelKind>(),
            Labels = json.Find("labels")?.Object(SavedKeyValues.From),
            Tokens = json.Find("tokens")?.Array(column => column.OrNull()?.Object(SavedKeyValues.From)),
        };
}
