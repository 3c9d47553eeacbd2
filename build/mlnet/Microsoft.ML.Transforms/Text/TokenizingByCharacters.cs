using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Text;

[assembly: LoadableClass(typeof(TokenizingByCharactersTransformer), null, typeof(SignatureLoadModel), "Character Tokenizer Transform",
    TokenizingByCharactersTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Text;

public sealed class TokenizingByCharactersEstimator : TrivialEstimator<TokenizingByCharactersTransformer>
{
    internal TokenizingByCharactersEstimator(IHostEnvironment env, InputOutputColumnPair column, bool useMarkerCharacters)
        : base(env.Register(nameof(TokenizingByCharactersEstimator)), new(env, column, useMarkerCharacters))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema.WithMade(Host, Transformer.ColumnPairs, (source, output) =>
    {
        TextColumn.Check(Host, source.Name, source.ItemType, source.GetTypeString(), TextDataViewType.Instance.ToString());
        var keyValues = new SchemaShape.Column(AnnotationUtils.Kinds.KeyValues, SchemaShape.Column.VectorKind.Vector, TextDataViewType.Instance, false);
        return new(output, SchemaShape.Column.VectorKind.VariableVector, NumberDataViewType.UInt16, true,
            new([.. source.Annotations.Keep(AnnotationUtils.Kinds.SlotNames), keyValues]));
    });
}

/// <summary>Makes keys of a text's characters: each is its own number.</summary>
public sealed class TokenizingByCharactersTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "CharToken";

    private const ushort StartOfText = 2;
    private const ushort EndOfText = 3;
    private const ushort Separator = 0x1F;

    private readonly bool _useMarkerCharacters;

    internal TokenizingByCharactersTransformer(IHostEnvironment env, InputOutputColumnPair column, bool useMarkerCharacters)
        : base(env.Register(nameof(TokenizingByCharactersTransformer)), (column.OutputColumnName, column.InputColumnName)) =>
        _useMarkerCharacters = useMarkerCharacters;

    private TokenizingByCharactersTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        _useMarkerCharacters = ctx.Reader.ReadBoolean();
        host.CheckDecode(!ctx.Reader.ReadBoolean(), "The stand-in reads no models with markers around each slot.");
    }

    private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair)
    {
        // ML.NET's whole text here.
        Host.CheckParam(source.Type.GetItemType() is TextDataViewType, "inputSchema", TextDataViewType.Instance.ToString());
        var annotations = new DataViewSchema.Annotations.Builder();
        annotations.Add(source.Annotations, kind => kind == AnnotationUtils.Kinds.SlotNames);
        annotations.AddKeyValues(CharacterNames.Count, TextDataViewType.Instance, (ref VBuffer<ReadOnlyMemory<char>> value) =>
            VBuffer<ReadOnlyMemory<char>>.Copy(CharacterNames.All, 0, ref value, CharacterNames.Count));
        bool isVector = source.Type is VectorDataViewType;
        return new(new VectorDataViewType(new KeyDataViewType(typeof(ushort), CharacterNames.Count)), annotations.ToAnnotations(),
            TextColumn.MakeVectors(source, texts => Characters(texts, isVector)));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        SaveColumns(ctx);
        ctx.Writer.Write(_useMarkerCharacters);
        ctx.Writer.Write(false); // markers around each slot of a vector
    }

    internal static TokenizingByCharactersTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(GetVersionInfo());
        return new(env.Register(nameof(TokenizingByCharactersTransformer)), ctx);
    }

    /// <summary>The texts' characters, between markers if asked for; a text of its own that is empty has none.</summary>
    private List<ushort> Characters(IEnumerable<ReadOnlyMemory<char>> texts, bool isVector)
    {
        var keys = new List<ushort>();
        int slot = 0;
        foreach (ReadOnlyMemory<char> text in texts)
        {
            if (slot++ > 0 && !text.IsEmpty)
                keys.Add(Separator);
            foreach (char c in text.Span)
                keys.Add(c);
        }
        return _useMarkerCharacters && (isVector || keys.Count > 0) ? [StartOfText, .. keys, EndOfText] : keys;
    }

    private static VersionInfo GetVersionInfo() => new("CHARTOKN", 0x00010002, 0x00010002, 0x00010002, MlNetAssembly.Transforms, LoaderSignature);
}

/// <summary>What the keys of characters are called; key 1 is the character after NUL.</summary>
internal static class CharacterNames
{
    public const int Count = ushort.MaxValue;

    private static readonly string[] UpperControls = ("PAD HOP BPH NBH IND NEL SSA ESA HTS HTJ VTS PLD PLU RI SS2 SS3 "
        + "DCS PU1 PU2 STS CCH MW SPA EPA SOS SGCI SCI CSI ST OSC PM APC").Split(' ');

    public static ReadOnlyMemory<char>[] All { get; } = Enumerable.Range(1, Count).Select(c => NameOf((char)c).AsMemory()).ToArray();

    private static string NameOf(char c) => c switch
    {
        <= ' ' => $"<{(char)(0x2400 + c)}>",
        '\u007F' => "<\u2421>",
        >= '\u0080' and <= '\u009F' => $"<{UpperControls[c - 0x80]}>",
        '\u2028' => "<LSEP>",
        '\u2029' => "<PSEP>",
        // ML.NET's format for surrogates prints itself.
        _ when char.IsSurrogate(c) => "\\u4X",
        _ => c.ToString(),
    };
}
