using System.Reflection;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Runtime.CompilerServices;

namespace Microsoft.ML.Lstm.Tests.House;

/// <summary>
/// What the library's folders may know, read from its compiled methods; the debug file says which source file each is in.
/// </summary>
[TestClass]
public sealed class FolderTests
{
    private static readonly Assembly Library = typeof(LstmRegressionTrainer).Assembly;
    private static readonly Dictionary<short, OpCode> OpCodesByValue = typeof(OpCodes)
        .GetFields()
        .Select(f => (OpCode)f.GetValue(null)!)
        .ToDictionary(o => o.Value);
    private static readonly Method[] Methods = ReadMethods();

    // From the ground up: a folder knows those before it.
    private static readonly string[] Floors =
    [
        "Engine/Kernels",
        "Engine/Parameters",
        "Engine/Layers",
        "Engine/Network",
        "Engine/Distributed",
        "Engine/Decoding",
        "Engine/Explanations",
        "Engine/Training/Optimizers",
        "Engine/Training",
        "Engine/Training/Objectives",
        "Engine/Modules",
        "Engine/Series/Baselines",
        "Engine/Series",
        "Engine/Series/Detection",
        "Engine/Series/Explanations",
        "Engine/Series/Choices",
        "Engine/Files",
        "Engine/Files/PyTorch",
        "Engine/Standalone",
        "MlNet",
        "Onnx",
        "Onnx/Import",
        "Onnx/Export",
        "Columns",
        "Explanations",
        "Windows",
        "Text",
        "Sequences",
        "Sequences/Scoring",
        "Sequences/Regression",
        "Sequences/Regression/Evaluation",
        "Sequences/PerStep",
        "Sequences/PerStep/Evaluation",
        "Sequences/Binary",
        "Sequences/Multiclass",
        "Sequences/Labeling",
        "Sequences/Labeling/Evaluation",
        "Sequences/Autoencoder",
        "Sequences/LanguageModel",
        "Sequences/LanguageModel/Evaluation",
        "Sequences/LanguageModel/Generation",
        "Sequences/SequenceToSequence",
        "Sequences/SequenceToSequence/Evaluation",
        "Sequences/Ctc",
        "Sequences/Ctc/Evaluation",
        "Series",
        "Forecasting",
        "Forecasting/Evaluation",
        "Anomalies",
        "Catalogs",
    ];

    [TestMethod]
    public void FolderKnowsOnlyThoseBelowIt()
    {
        var wrong =
            from method in Methods
            from used in method.Uses.SelectMany(NamedTypes)
            where used.Assembly == Library && !FoldersOf(used).Any(folder => FloorOf(folder) <= FloorOf(method.Folder))
            select $"{method.Name} in {method.Folder} uses {used}";
        Assert.AreEqual("", string.Join(Environment.NewLine, wrong.Distinct()));
    }

    [TestMethod]
    public void EngineKnowsNoMlNetType()
    {
        Method[] engine = Methods.Where(method => method.Folder.StartsWith("Engine", StringComparison.Ordinal)).ToArray();
        Assert.IsNotEmpty(engine);
        var wrong =
            from method in engine
            from used in method.Uses.SelectMany(NamedTypes)
            where IsMlNet(used)
            select $"{method.Name} uses {used}";
        Assert.AreEqual("", string.Join(Environment.NewLine, wrong.Distinct()));
    }

    [TestMethod]
    public void NoTwoTypesHaveTheSameName()
    {
        var same =
            from type in Library.GetTypes()
            where !type.IsNested && !type.IsDefined(typeof(CompilerGeneratedAttribute))
            group type.FullName by type.Name into named
            where named.Count() > 1
            select string.Join(", ", named);
        Assert.AreEqual("", string.Join(Environment.NewLine, same));
    }

    private static bool IsMlNet(Type type)
        => type.Assembly != Library && type.Assembly.GetName().Name!.StartsWith("Microsoft.ML.", StringComparison.Ordinal);

    private static int FloorOf(string folder)
    {
        int floor = Array.IndexOf(Floors, folder);
        return floor >= 0 ? floor : throw new ArgumentException($"The folder '{folder}' is on no floor.");
    }

    /// <summary>The type of a member, and the types that it is a generic one of.</summary>
    private static IEnumerable<Type> NamedTypes(MemberInfo member)
    {
        Type type = member as Type ?? member.DeclaringType!;
        while (type.HasElementType)
            type = type.GetElementType()!;
        IEnumerable<Type> arguments = type.IsGenericParameter ? [] : type.GetGenericArguments();
        return arguments.SelectMany(NamedTypes).Prepend(OutermostType(type));
    }

    private static Type OutermostType(MemberInfo member)
    {
        Type type = member as Type ?? member.DeclaringType!;
        while (type.HasElementType)
            type = type.GetElementType()!;
        return type.DeclaringType is { } outer && !type.IsGenericParameter ? OutermostType(outer) : type;
    }

    /// <summary>
    /// The folders that a type's methods are in; a type without any, such as an enumeration, counts by its namespace, a public one as the
    /// lowest.
    /// </summary>
    private static IEnumerable<string> FoldersOf(Type type)
    {
        Type definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        string[] folders = Methods.Where(m => m.Type == definition).Select(m => m.Folder).Distinct().ToArray();
        if (folders.Length > 0)
            return folders;
        const string internals = "Microsoft.ML.Lstm.";
        bool isInternal = definition.Namespace?.StartsWith(internals, StringComparison.Ordinal) == true;
        return [isInternal ? definition.Namespace![internals.Length..].Replace('.', '/') : Floors[0]];
    }

    private static Method[] ReadMethods()
    {
        using FileStream file = File.OpenRead(Path.ChangeExtension(Library.Location, ".pdb"));
        using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(file);
        MetadataReader debug = provider.GetMetadataReader();
        var methods = new List<Method>();
        const BindingFlags all =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        foreach (Type type in Library.GetTypes())
        {
            MemberInfo[] ofType = [.. type.GetInterfaces(), .. type.GetFields(all).Select(field => field.FieldType)];
            if (type.BaseType is { } parent)
                ofType = [.. ofType, parent];
            foreach (MethodBase method in type.GetMethods(all).Cast<MethodBase>().Concat(type.GetConstructors(all)))
            {
                MethodDebugInformationHandle handle = MetadataTokens.MethodDefinitionHandle(method.MetadataToken & 0xFFFFFF)
                    .ToDebugInformationHandle();
                DocumentHandle document = debug.GetMethodDebugInformation(handle).Document;
                if (document.IsNil)
                    continue;
                string[] path = debug.GetString(debug.GetDocument(document).Name).Split('/', '\\');
                int root = Array.LastIndexOf(path, "Microsoft.ML.Lstm");
                // What generators made, of intermediate files or in memory, is in no folder of ours.
                if (root < 0 || path.Contains("obj") || path[^1].EndsWith(".g.cs", StringComparison.Ordinal))
                    continue;
                methods.Add(new(OutermostType(type), $"{type}.{method.Name}", string.Join('/', path[(root + 1)..^1]),
                    [.. Uses(method), .. ofType]));
            }
        }
        return [.. methods];
    }

    private static IEnumerable<MemberInfo> Uses(MethodBase method)
    {
        foreach (ParameterInfo parameter in method.GetParameters())
            yield return parameter.ParameterType;
        if (method is MethodInfo { ReturnType: var result })
            yield return result;
        byte[] il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int at = 0; at < il.Length;)
        {
            short value = il[at++];
            if (value == 0xFE)
                value = (short)(0xFE00 | il[at++]);
            OpCode code = OpCodesByValue[value];
            switch (code.OperandType)
            {
                case OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineType or OperandType.InlineTok:
                    Type[]? ofMethod = method.IsGenericMethodDefinition ? method.GetGenericArguments() : null;
                    yield return Library.ManifestModule.ResolveMember(BitConverter.ToInt32(il, at),
                        method.DeclaringType!.GetGenericArguments(), ofMethod)!;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 * BitConverter.ToInt32(il, at);
                    break;
            }
            at += SizeOf(code.OperandType);
        }
    }

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private sealed record Method(Type Type, string Name, string Folder, MemberInfo[] Uses);
}
