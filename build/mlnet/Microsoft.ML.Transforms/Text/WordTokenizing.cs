using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms.Text;

[assembly: LoadableClass(typeof(WordTokenizingTransformer), null, typeof(SignatureLoadModel), "Tokenizer Transform", WordTokenizingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms.Text;

public sealed class WordTokenizingEstimator : TrivialEstimator<WordTokenizingTransformer>
{
    internal WordTokenizingEstimator(IHostEnvironment env, InputOutputColumnPair column, char[] separators)
        : base(env.Register(nameof(WordTokenizingEstimator)), new(env, column, separators))
    {
    }

    public override SchemaShape GetOutputSchema(SchemaShape inputSchema) => inputSchema.WithMade(Host, Transformer.ColumnPairs, (source, output) =>
    {
        TextColumn.Check(Host, source.Name, source.ItemType, source.GetTypeString(), WordTokenizingTransformer.Expected);
        return new(output, SchemaShape.Column.VectorKind.VariableVector, TextDataViewType.Instance, false);
    });
}

/// <summary>Cuts texts at separators.</summary>
public sealed class WordTokenizingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TokenizeTextTransform";
    internal const string Expected = "String or Vector of String";

    private readonly char[] _separators;

    internal WordTokenizingTransformer(IHostEnvironment env, InputOutputColumnPair column, char[] separators)
        : base(env.Register(nameof(WordTokenizingTransformer)), (column.OutputColumnName, column.InputColumnName)) =>
        _separators = separators;

    private WordTokenizingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        host.CheckDecode(ColumnPairs.Length == 1);
        int count = ctx.Reader.ReadInt32();
        host.CheckDecode(0 < count && count <= ctx.Reader.BaseStream.Length / sizeof(char));
        _separators = new char[count];
        for (int i = 0; i < count; i++)
            _separators[i] = (char)ctx.Reader.ReadUInt16();
    }

    private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair)
    {
        TextColumn.Check(Host, source.Name, source.Type.GetItemType(), source.Type.ToString(), Expected);
        return new(new VectorDataViewType(TextDataViewType.Instance), null, TextColumn.MakeVectors(source, texts => texts.SelectMany(Split)));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        SaveColumns(ctx);
        ctx.Writer.Write(_separators.Length);
        foreach (char separator in _separators)
            ctx.Writer.Write((ushort)separator);
    }

    internal static WordTokenizingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(GetVersionInfo());
        return new(env.Register(nameof(WordTokenizingTransformer)), ctx);
    }

    private IEnumerable<ReadOnlyMemory<char>> Split(ReadOnlyMemory<char> text)
    {
        while (!text.IsEmpty)
        {
            int end = text.Span.IndexOfAny(_separators);
            ReadOnlyMemory<char> word = (end < 0 ? text : text[..end]).Trim(' ');
            if (!word.IsEmpty)
                yield return word;
            text = end < 0 ? default : text[(end + 1)..];
        }
    }

    private static VersionInfo GetVersionInfo() => new("WRDTOKNS", 0x00010001, 0x00010001, 0x00010001, MlNetAssembly.Transforms, LoaderSignature);
}
