using System.Globalization;
using System.Text;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Text;

[assembly: LoadableClass(typeof(TextNormalizingTransformer), null, typeof(SignatureLoadModel), "Text Normalizer Transform", TextNormalizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Text;

public sealed class TextNormalizingEstimator : TrivialEstimator<TextNormalizingTransformer>
{
    internal TextNormalizingEstimator(IHostEnvironment env, InputOutputColumnPair column, TextNormalizer normalizer)
        : base(env.Register(nameof(TextNormalizingEstimator)), new(env, column, normalizer))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema.WithMade(Host, Transformer.ColumnPairs, (source, output) =>
    {
        TextColumn.Check(Host, source.Name, source.ItemType, source.GetTypeString(), TextNormalizingTransformer.Expected);
        bool isScalar = source.Kind == SchemaShape.Column.VectorKind.Scalar;
        return new(output, isScalar ? source.Kind : SchemaShape.Column.VectorKind.VariableVector, TextDataViewType.Instance, false);
    });

    public enum CaseMode
    {
        Lower = 0,
        Upper = 1,
        None = 2,
    }
}

public sealed class TextNormalizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TextNormalizerTransform";
    internal const string Expected = "String or vector of String";

    private readonly TextNormalizer _normalizer;

    internal TextNormalizingTransformer(IHostEnvironment env, InputOutputColumnPair column, TextNormalizer normalizer)
        : base(env.Register(nameof(TextNormalizingTransformer)), (column.OutputColumnName, column.InputColumnName)) =>
        _normalizer = normalizer;

    private TextNormalizingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        var mode = (TextNormalizingEstimator.CaseMode)ctx.Reader.ReadByte();
        host.CheckDecode(Enum.IsDefined(mode));
        _normalizer = new(mode, ctx.Reader.ReadBoolean(), ctx.Reader.ReadBoolean(), ctx.Reader.ReadBoolean());
    }

    private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair)
    {
        TextColumn.Check(Host, source.Name, source.Type.GetItemType(), source.Type.ToString(), Expected);
        if (source.Type is VectorDataViewType)
        {
            return new(new VectorDataViewType(TextDataViewType.Instance), null,
                TextColumn.MakeVectors(source, texts => texts.Select(_normalizer.Normalize).Where(text => !text.IsEmpty)));
        }
        return new(TextDataViewType.Instance, null, row =>
        {
            Func<IEnumerable<ReadOnlyMemory<char>>> read = TextColumn.MakeReader(row, source);
            return (ValueGetter<ReadOnlyMemory<char>>)((ref ReadOnlyMemory<char> value) => value = _normalizer.Normalize(read().Single()));
        });
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        SaveColumns(ctx);
        ctx.Writer.Write((byte)_normalizer.CaseMode);
        ctx.Writer.Write(_normalizer.KeepDiacritics);
        ctx.Writer.Write(_normalizer.KeepPunctuations);
        ctx.Writer.Write(_normalizer.KeepNumbers);
    }

    internal static TextNormalizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(GetVersionInfo());
        return new(env.Register(nameof(TextNormalizingTransformer)), ctx);
    }

    private static VersionInfo GetVersionInfo() => new("TEXTNORM", 0x00010001, 0x00010001, 0x00010001, MlNetAssembly.Transforms, LoaderSignature);
}

/// <summary>Makes a text plainer, character by character.</summary>
internal sealed record TextNormalizer(TextNormalizingEstimator.CaseMode CaseMode, bool KeepDiacritics, bool KeepPunctuations, bool KeepNumbers)
{
    private const char FirstComposed = '\u00C0';
    private const char LastComposed = '\u04F9';
    private const char DialytikaTonos = '\u0385'; // the one that ML.NET lets be

    private static readonly char[] BaseLetters = Enumerable.Range(FirstComposed, LastComposed - FirstComposed + 1).Select(c => BaseOf((char)c)).ToArray();

    public ReadOnlyMemory<char> Normalize(ReadOnlyMemory<char> text)
    {
        var result = new StringBuilder(text.Length);
        foreach (char c in text.Span)
        {
            if (!KeepPunctuations && char.IsPunctuation(c) || !KeepNumbers && char.IsNumber(c) || !KeepDiacritics && IsDroppedMark(c))
                continue;
            char plain = !KeepDiacritics && FirstComposed <= c && c <= LastComposed ? BaseLetters[c - FirstComposed] : c;
            result.Append(CaseMode switch
            {
                TextNormalizingEstimator.CaseMode.Lower => char.ToLowerInvariant(plain),
                TextNormalizingEstimator.CaseMode.Upper => char.ToUpperInvariant(plain),
                _ => plain,
            });
        }
        return result.ToString().AsMemory();
    }

    /// <summary>The Latin, Greek, Hebrew and Arabic marks that ML.NET knows.</summary>
    private static bool IsDroppedMark(char c) => c is (>= '\u0300' and <= '\u036F') or (>= '\u0591' and <= '\u05BD')
        or '\u05C1' or '\u05C2' or '\u05C4' or '\u05C5' or '\u05C7' or (>= '\u0610' and <= '\u0615') or (>= '\u064C' and <= '\u065E') or '\u0670';

    /// <summary>The letter without its marks, where it has some.</summary>
    private static char BaseOf(char c)
    {
        string parts = c.ToString().Normalize(NormalizationForm.FormD);
        return parts.Length > 1 && c != DialytikaTonos && parts.Skip(1).All(p => CharUnicodeInfo.GetUnicodeCategory(p) == UnicodeCategory.NonSpacingMark)
            ? parts[0] : c;
    }
}
