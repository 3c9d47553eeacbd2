using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

[assembly: LoadableClass(typeof(ValueToKeyMappingTransformer), null, typeof(SignatureLoadModel), "Term Transform", ValueToKeyMappingTransformer.LoaderSignature)]

namespace Microsoft.ML.Transforms;

/// <summary>Makes keys of values.</summary>
public sealed class ValueToKeyMappingTransformer : OneToOneTransformerBase
{
    internal const string LoaderSignature = "TermTransform";
    private const string RegistrationName = "Term";
    private const string VocabularyFolder = "Vocabulary";

    private readonly TermMap[] _maps;

    internal ValueToKeyMappingTransformer(IHostEnvironment env, (string, string)[] columns, TermMap[] maps)
        : base(env.Register(RegistrationName), columns)
    {
        _maps = maps;
        for (int i = 0; i < maps.Length; i++)
        {
            if (maps[i].Count > 0)
                continue;
            using IChannel ch = Host.Start("Training");
            ch.Warning("Term map for output column '{0}' contains no entries.", ColumnPairs[i].outputColumnName);
        }
    }

    private ValueToKeyMappingTransformer(IHost host, ModelLoadContext ctx)
        : base(host, ctx)
    {
        // Whether the annotations are texts: the stand-in makes and reads no such model.
        Host.CheckDecode(ctx.Reader.ReadBytes(ColumnPairs.Length).All(b => b == 0));
        TermMap[] maps = null;
        bool found = ctx.TryProcessSubModel(VocabularyFolder, vocabulary =>
        {
            vocabulary.CheckAtModel(GetVocabularyVersionInfo());
            Host.CheckDecode(vocabulary.Reader.ReadInt32() == ColumnPairs.Length);
            maps = Array.ConvertAll(ColumnPairs, _ => TermMap.Load(vocabulary));
        });
        Host.CheckDecode(found, "Missing Vocabulary model");
        _maps = maps;
    }

    private protected override MadeColumn MakeColumn(DataViewSchema.Column source, int pair)
    {
        TermMap map = _maps[pair];
        DataViewType itemType = source.Type.GetItemType();
        if (!itemType.Equals(map.ItemType))
            throw Host.Except($"Could not apply a map over type '{map.ItemType}' to column '{ColumnPairs[pair].outputColumnName}' since it has type '{itemType}'");
        var key = new KeyDataViewType(typeof(uint), Math.Max(map.Count, 1));
        var annotations = new DataViewSchema.Annotations.Builder();
        if (map.Count > 0)
            map.AddKeyValues(annotations, source);
        annotations.Add(source.Annotations, kind => kind == AnnotationUtils.Kinds.SlotNames);
        return new(source.Type is VectorDataViewType vector ? new VectorDataViewType(key, vector.Dimensions) : key, annotations.ToAnnotations(),
            row => map.MakeGetter(row, source));
    }

    private protected override void SaveModel(ModelSaveContext ctx)
    {
        ctx.CheckAtModel();
        ctx.SetVersionInfo(GetVersionInfo());
        SaveColumns(ctx);
        ctx.Writer.Write(new byte[ColumnPairs.Length]);
        ctx.SaveSubModel(VocabularyFolder, vocabulary =>
        {
            vocabulary.SetVersionInfo(GetVocabularyVersionInfo());
            vocabulary.Writer.Write(_maps.Length);
            foreach (TermMap map in _maps)
                map.Save(vocabulary);
        });
    }

    internal static ValueToKeyMappingTransformer Create(IHostEnvironment env, ModelLoadContext ctx)
    {
        ctx.CheckAtModel(GetVersionInfo());
        return new(env.Register(RegistrationName), ctx);
    }

    private static VersionInfo GetVersionInfo() => new("TERMTRNF", 0x00010003, 0x00010003, 0x00010003, MlNetAssembly.Data, LoaderSignature);

    private static VersionInfo GetVocabularyVersionInfo() => new("TERM MAN", 0x00010002, 0x00010002, 0x00010002, MlNetAssembly.Data, "TermManager");
}
